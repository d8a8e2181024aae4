import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { CacheCluster } from "encore.dev/storage/cache";

export const db = new SQLDatabase("orders");
export const files = new Bucket("invoices");
export const cluster = new CacheCluster("sessions");
