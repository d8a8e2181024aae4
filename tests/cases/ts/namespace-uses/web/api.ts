import { default as exists } from "../data/uploads";
import * as customers from "../data/customers";
import * as files from "../data/files";
import * as main from "../data/main";
import * as orders from "../data/orders";
import * as products from "../data/products";
import * as stats from "../data/stats";

export async function read() {
  await orders.orders.query`SELECT 1`;
  await customers.customers.query`SELECT 1`;
  await customers.addresses.query`SELECT 2`;
  products.names();
  files.list();
  stats.count();
  await main.main.exec`DELETE FROM main`;
  main.helper(" a ");
  exists("a.txt");
}
