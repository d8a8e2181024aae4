import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import { Counter } from "encore.dev/metrics";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

interface Message {
  id: string;
}
export const db = new SQLDatabase("orders");
export const placed = new Topic<Message>("placed", { deliveryGuarantee: "at-least-once" });
export const paid = new Topic<Message>("paid", { deliveryGuarantee: "at-least-once" });
export const files = new Bucket("files");
export const sessions = new CacheCluster("sessions");
export const visits = new Counter("visits");
export const clean = api({}, async () => {});
new CronJob("nightly", { endpoint: clean, every: "24h" });
new Subscription(placed, "book", { handler: async () => {} });
