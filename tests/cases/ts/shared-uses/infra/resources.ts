import { CronJob } from "encore.dev/cron";
import { Counter } from "encore.dev/metrics";
import { Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { list } from "../orders/api";

export const db = new SQLDatabase("orders");
export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
export const files = new Bucket("files");
export const sessions = new CacheCluster("sessions");
export const visits = new Counter("visits");
new CronJob("nightly", { endpoint: list, every: "24h" });
