import { CacheCluster, StringKeyspace } from "encore.dev/storage/cache";

export const cluster = new CacheCluster("shared");
// Outside every service: Encore cannot tell whose keyspace this is.
export const sessions = new StringKeyspace<string>(cluster, { keyPattern: "session/:key" });
