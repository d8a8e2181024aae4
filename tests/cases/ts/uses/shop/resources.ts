import { Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { Counter, CounterGroup, Gauge } from "encore.dev/metrics";
import { IntKeyspace, CacheCluster } from "encore.dev/storage/cache";

export const db = new SQLDatabase("shop");
export const reports = new SQLDatabase("reports");
export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
export const images = new Bucket("images", { public: true });
export const invoices = new Bucket("invoices");
export const visits = new Counter("visits");
export const byPage = new CounterGroup<{ page: string }>("visits_by_page");
export const level = new Gauge("level");
export const counts = new IntKeyspace<string>(new CacheCluster("counts"), { keyPattern: "c/:key" });
export const held = { one: new Bucket("held-one"), two: new Bucket("held-two") };
export const rows = SQLDatabase.named("reports").query`SELECT 1`;
