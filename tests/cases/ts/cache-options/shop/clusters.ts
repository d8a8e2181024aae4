import { CacheCluster } from "encore.dev/storage/cache";

// Any text is a name.
export const byDefault = new CacheCluster("Session cache 1");
export const empty = new CacheCluster("empty", {});
export const volatile = new CacheCluster("volatile", { evictionPolicy: "volatile-ttl" });

const policy = "noeviction";
export const unknown = new CacheCluster("unknown", { evictionPolicy: "lru" });
export const misspelled = new CacheCluster("misspelled", { evictionPolicy: "allkeys-lrru" });
export const constant = new CacheCluster("constant", { evictionPolicy: policy });
export const unnamed = new CacheCluster();
export const field = new CacheCluster("field", { maxMemory: 1024 });
export const text = new CacheCluster("text", "noeviction");
