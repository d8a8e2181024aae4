import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { CacheCluster, StringKeyspace } from "encore.dev/storage/cache";

// These come before the declarations in the order of the walk.
const db = SQLDatabase.named("orders");
const files = Bucket.named("invoices");
const sessions = CacheCluster.named("sessions");
const names = new StringKeyspace<string>(sessions, { keyPattern: "name/:key" });

export const read = async () => {
  await db.queryRow`SELECT 1`;
  await files.download("a");
  await names.get("a");
};
