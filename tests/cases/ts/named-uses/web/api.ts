import { SQLDatabase } from "encore.dev/storage/sqldb";

const orders = SQLDatabase.named("orders");
export const unused = SQLDatabase.named("customers");
export const rows = SQLDatabase.named("products").query`SELECT 1`;

export async function read() {
  await orders.query`SELECT 1`;
}
