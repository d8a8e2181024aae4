import { SQLDatabase } from "encore.dev/storage/sqldb";

export const orders = new SQLDatabase("orders");
export default function total() {
  return orders.query`SELECT sum(price) FROM orders`;
}
