import { api } from "encore.dev/api";
import { Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { CacheCluster } from "encore.dev/storage/cache";
import { Gauge } from "encore.dev/metrics";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { secret } from "encore.dev/config";

export const db = new SQLDatabase("same");
export const topic = new Topic<{ id: string }>("same", { deliveryGuarantee: "exactly-once" });
export const bucket = new Bucket("same");
export const cluster = new CacheCluster("same");
export const metric = new Gauge("same");
const key = secret("SameSecret");

// The same path in another service is no conflict, and secrets may be declared twice.
export const list = api({ path: "/items", method: "GET" }, async () => key());
