import { api } from "encore.dev/api";
import { secret } from "encore.dev/config";
import { CronJob } from "encore.dev/cron";
import { Counter } from "encore.dev/metrics";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const db = new SQLDatabase("orders");
export const topic = new Topic<{ id: string }>("orders", { deliveryGuarantee: "at-least-once" });
export const files = new Bucket("orders");
export const cluster = new CacheCluster("orders");
export const visits = new Counter("orders");
export const list = api({}, async () => {});
new CronJob("orders", { endpoint: list, every: "24h" });
new Subscription(topic, "orders", { handler: async () => {} });
export const key = secret("orders");
new IntKeyspace<string>(cluster, { keyPattern: "orders/:key" });
