import { Counter } from "encore.dev/metrics";
import { Topic } from "encore.dev/pubsub";
import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";

export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
export const paid = new Topic<{ id: string }>("paid", { deliveryGuarantee: "at-least-once" });
export const files = new Bucket("files");
export const sessions = new CacheCluster("sessions");
export const visits = new Counter("visits");
export const hits = new IntKeyspace<string>(sessions, { keyPattern: "hits/:key" });
