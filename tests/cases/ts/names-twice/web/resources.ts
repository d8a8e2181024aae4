import { CronJob } from "encore.dev/cron";
import { Counter, Gauge } from "encore.dev/metrics";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { clean, paid } from "../orders/resources";
import { again } from "../orders/topics";

export const db = new SQLDatabase("orders");
export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "exactly-once" });
export const files = new Bucket("files");
export const sessions = new CacheCluster("sessions");
export const visits = new Counter("visits");
export const gauge = new Gauge("visits");
new CronJob("nightly", { endpoint: clean, every: "12h" });
// The topic counts, not the name it is imported by.
new Subscription(again, "book", { handler: async () => {} });
new Subscription(paid, "book", { handler: async () => {} });
