import { audits, carts, customers, orders, prices, products, ratings, returns, stock } from "./databases";

class Store {
  constructor(readonly database: unknown) {}
}
const connect = (database: unknown) => database;

export async function use() {
  await orders.query`SELECT 1`;
  await customers.rawQuery("SELECT 1");
  const transaction = await products.begin();
  connect(prices.connectionString);
  connect(stock);
  new Store(carts);
  await returns?.exec`DELETE FROM returns`;
  await ratings["query"]`SELECT 1`;
  console.log(audits["connectionString"]);
  return transaction;
}
export { orders };
