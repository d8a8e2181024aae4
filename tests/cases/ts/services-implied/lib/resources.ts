import { CronJob } from "encore.dev/cron";
import { Counter } from "encore.dev/metrics";
import { Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { nightly } from "../by-endpoint/api";

export const db = new SQLDatabase("orders");
export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
export const files = new Bucket("files");
export const cluster = new CacheCluster("cluster");
export const hits = new Counter("hits");
export const job = new CronJob("nightly", { every: "24h", endpoint: nightly });
