import { SQLDatabase } from "encore.dev/storage/sqldb";
import { Bucket } from "encore.dev/storage/objects";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { CronJob } from "encore.dev/cron";
import { Gateway, api } from "encore.dev/api";
import { Counter } from "encore.dev/metrics";

const NAME = "from-a-constant";
const options = { public: true };
const publicKey = "public";

export const a = new SQLDatabase(NAME);
export const b = new Bucket(`template`);
export const c = new Bucket("opt", options);
export const d = new Bucket("spread", { ...options });
export const e = new Bucket("yes", { public: "yes" });
export const f = new Bucket("twice", { public: true, public: false });
export const g = new Bucket("typo", { publc: true });
export const h = new Bucket("computed", { [publicKey]: true });
export const i = new Bucket;
export const j = new Bucket();
export const { k } = new SQLDatabase("pattern") as unknown as { k: number };

export const topic = new Topic<{ id: string }>("events");
const handler = async () => {};
export const s1 = new Subscription(topic, "shorthand", { handler });
export const s2 = new Subscription(topic, "method", { async handler() {} });
export const s3 = new Subscription(topic, "numbers", {
  handler: async () => {},
  maxConcurrency: -1,
  ackDeadline: "1.5s",
  messageRetention: 3600,
  retryPolicy: { maxRetries: 7 / 2, minBackoff: "10 s", maxBackoff: "5µs", jitter: true },
});
export const s4 = new Subscription(topic, "fine", {
  handler: async () => {},
  maxConcurrency: 2 * 3 + 1,
  ackDeadline: "1m30s",
  messageRetention: "500ms",
  retryPolicy: { maxRetries: 0 },
});
export const s5 = new Subscription(topic, "no-handler", { ackDeadline: "30s" });

export const cluster = new CacheCluster("cache", { evictionPolicy: "allkeys-lfru" });
export const m = new Counter("hits", { label: "x" });
export const gateway = new Gateway();
export const job = new CronJob("job");

export const limits = api(
  {
    expose: true,
    bodyLimit: 6 * 1024 * 1024,
    tags: ["a", NAME],
    sensitive: 1,
  },
  async () => {},
);
export const parenthesised = api({ bodyLimit: (1 + 2) * 3 }, async () => {});
export const unlimited = api({ bodyLimit: null }, async () => {});
