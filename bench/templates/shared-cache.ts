import { CacheCluster } from "encore.dev/storage/cache";

/** One cluster for all services; each declares the keyspaces that it needs. */
export const sharedCache = new CacheCluster("shared", { evictionPolicy: "allkeys-lru" });
