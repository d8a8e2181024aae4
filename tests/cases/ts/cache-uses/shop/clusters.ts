import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";

export const sessions = new CacheCluster("sessions");
export const limits = new CacheCluster("limits");
export const idle = new CacheCluster("idle");
export const named = new CacheCluster("named");
