import { api } from "encore.dev/api";
import { Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { CacheCluster } from "encore.dev/storage/cache";
import { Counter, Gauge } from "encore.dev/metrics";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { secret } from "encore.dev/config";

export const db = new SQLDatabase("same");
export const topic = new Topic<{ id: string }>("same", { deliveryGuarantee: "at-least-once" });
export const bucket = new Bucket("same");
export const cluster = new CacheCluster("same");
export const metric = new Counter("same");
export const reserved = new Counter("e_requests");
export const dashed = new Gauge("not-snake");
export const labelled = new Counter<{ service: string; user: string[]; kind: "a" | "b" }>("labelled");
const key = secret("SameSecret");

export const list = api({ path: "/items", method: "GET", expose: true }, async () => key());
export const read = api({ path: "/items/:id", method: "GET" }, async (p: { id: string }) => {});
export const literal = api({ path: "/items/new", method: "GET" }, async () => {});
export const other = api({ path: "/items/:item", method: ["GET", "PUT"] }, async (p: { item: string }) => {});
export const create = api({ path: "/items", method: "POST", expose: true, auth: true }, async () => {});
