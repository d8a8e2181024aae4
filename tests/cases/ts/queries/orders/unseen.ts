import { SQLDatabase } from "encore.dev/storage/sqldb";
import { shared } from "./barrel";
import { db } from "./db";

export async function unseen() {
  await shared.exec`DELET FROM orders`;
  await SQLDatabase.named("orders").exec`DELET FROM lines`;
  await db.rawExec(`DELET FROM customers`);
}
