import { Gateway } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster, StringKeyspace } from "encore.dev/storage/cache";

const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
const cluster = new CacheCluster("cluster");

export const topic = new Topic<{ id: string }>("no-options");
export const subscription = new Subscription(placed, "no-options");
export const job = new CronJob("no-options");
export const keyspace = new StringKeyspace<string>(cluster);
export const gateway = new Gateway();
