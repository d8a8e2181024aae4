import { api, Gateway, Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";
import { secret } from "encore.dev/config";
import { CronJob } from "encore.dev/cron";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";

const cluster = new CacheCluster("shop");
const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });

export const hits = new IntKeyspace<string>(cluster, { keyPattern: "hits/:key" });
export const key = secret("Key");
export const clean = api({}, async () => {});
export const nightly = new CronJob("nightly", { endpoint: clean, every: "24h" });
export const send = new Subscription(placed, "send", { handler: async () => {} });
export const auth = authHandler<{ token: Header<"Authorization"> }, { userID: string }>(
  async () => ({ userID: "1" }),
);
export const gateway = new Gateway({ authHandler: auth });
