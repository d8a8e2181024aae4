import { api } from "encore.dev/api";
import { CacheCluster, StringKeyspace, expireIn } from "encore.dev/storage/cache";
import { secret } from "encore.dev/config";
import { Topic } from "encore.dev/pubsub";
import { SQLDatabase } from "encore.dev/storage/sqldb";

const orders = new SQLDatabase("orders", { migrations: "./migrations" });
const audit = new SQLDatabase("audit", { migrations: "./migrations" });
const payKey = secret("PayKey");
const cluster = new CacheCluster("sessions", { evictionPolicy: "allkeys-lru" });
const seen = new StringKeyspace<{ id: string }>(cluster, {
  keyPattern: "seen/:id",
  defaultExpiry: expireIn(60_000),
});

export interface Placed {
  customer: string;
}

export const placed = new Topic<Placed>("placed", {
  deliveryGuarantee: "at-least-once",
});

export const place = api({ expose: true, method: "POST", path: "/orders" }, async (): Promise<void> => {
  await orders.exec`INSERT INTO orders (id) VALUES (1)`;
  await audit.exec`INSERT INTO orders (id) VALUES (1)`;
  await seen.set({ id: "1" }, payKey());
  await placed.publish({ customer: "c" });
});
