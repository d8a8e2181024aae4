import { CacheCluster } from "encore.dev/storage/cache";

// The default, and every policy by name.
export const byDefault = new CacheCluster("by-default");
new CacheCluster("allkeys-lfu-cache", { evictionPolicy: "allkeys-lfu" });
new CacheCluster("allkeys-lru-cache", { evictionPolicy: "allkeys-lru" });
new CacheCluster("allkeys-random-cache", { evictionPolicy: "allkeys-random" });
new CacheCluster("noeviction-cache", { evictionPolicy: "noeviction" });
new CacheCluster("volatile-lfu-cache", { evictionPolicy: "volatile-lfu" });
new CacheCluster("volatile-lru-cache", { evictionPolicy: "volatile-lru" });
new CacheCluster("volatile-random-cache", { evictionPolicy: "volatile-random" });
new CacheCluster("volatile-ttl-cache", { evictionPolicy: "volatile-ttl" });
