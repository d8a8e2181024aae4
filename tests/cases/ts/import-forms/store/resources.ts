import * as pubsub from "encore.dev/pubsub";
import { SQLDatabase } from "encore.dev/storage/sqldb/database";
import type { CronJob } from "encore.dev/cron";
import { CacheCluster as Cluster, StringKeyspace as Keyspace } from "encore.dev/storage/cache";
import { Counter as Count, CounterGroup as CountGroup, Gauge as Level } from "encore.dev/metrics";
import { secret as loadSecret } from "encore.dev/config";
import { api as endpoint } from "encore.dev/api";
import Levels from "encore.dev/metrics";
import { Bucket, CounterGroup } from "../lib/sdk";

// Each of these works when the app runs; what Encore makes of it stands in diagnostics.txt.
export const placed = new pubsub.Topic<{ id: string }>("placed", {
  deliveryGuarantee: "exactly-once",
});
export const db = new SQLDatabase("store");
export const cluster = new Cluster("store");
export const names = new Keyspace<string>(cluster, { keyPattern: "name/:key" });
export const visits = new Count("visits");
export const level = new Level("level");
export const files = new Bucket("files");
export const hits = new CounterGroup<{ page: string }>("hits");
export type Job = CronJob;

function shadowed(Topic: new (name: string) => object) {
  return new Topic("no declaration");
}
shadowed(Object);
export const calls = new CountGroup<{ page: string }>("calls");
export const key = loadSecret("StoreKey");
export const list = endpoint({}, async () => placed.publish({ id: key() }));

function inner(): void {
  class Gauge {
    constructor(readonly name: string) {}
  }
  console.log(new Gauge("no-gauge"));
}
inner();

// There is no such export: this fails when the app runs.
export const none = new Levels("default-import");
