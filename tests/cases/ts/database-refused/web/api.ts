import { orders } from "./databases";

interface Database {
  query: unknown;
}
const copy = orders;

export class Store {
  orders = orders;
  constructor(readonly other: unknown) {
    this.other = orders;
  }
}

export function use(f: (value: unknown) => void) {
  orders();
  f({ orders });
  f({ database: orders });
  f([orders]);
  orders!.query`SELECT 1`;
  (orders).query`SELECT 1`;
  (orders as Database).query;
  f(`${orders}`);
  if (orders) f(copy);
  return orders;
}
