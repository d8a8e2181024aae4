import { order_items, orders } from "~encore/clients";
import { orders as store } from "~encore/clients";

export async function use(f: (value: unknown) => void) {
  await orders.list();
  await store.stream();
  await order_items.list();
  orders.lst();
  const reference = orders.ref();
  type Client = typeof orders.Client;
  f(orders.Client);
  await order_items["list"]();
  return reference as unknown as Client;
}
