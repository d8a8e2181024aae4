import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";

const cluster = CacheCluster.named("my-cache");

export const invoices = new IntKeyspace<{ month: string }>(cluster, {
  keyPattern: "invoices/:month",
});
