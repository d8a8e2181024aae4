import { CacheCluster, StringKeyspace } from "encore.dev/storage/cache";

// Package level
const cluster = new CacheCluster("my-cache", {
  evictionPolicy: "allkeys-lru",
});

export const names = new StringKeyspace<{ userId: string }>(cluster, {
  keyPattern: "name/:userId",
});
