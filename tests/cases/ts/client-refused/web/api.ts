import { orders } from "~encore/clients";

const copy = orders;

export function use(f: (value: unknown) => void) {
  f(orders.list);
  f(orders.name);
  orders?.list();
  f(orders);
  f({ orders });
  orders();
  (orders).list();
  f(copy);
  return orders;
}
