import { api } from "encore.dev/api";
import { secret } from "encore.dev/config";
import { IntKeyspace } from "encore.dev/storage/cache";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { cluster, db } from "../orders/resources";
import { db as same } from "../orders/resources";

// Imports and references declare nothing anew; secrets and keyspaces may be like others.
export const reference = SQLDatabase.named("orders");
export const key = secret("orders");
new IntKeyspace<string>(cluster, { keyPattern: "orders/:key" });
export const list = api({}, async () => {
  await db.query`SELECT 1`;
  await same.query`SELECT 1`;
});
