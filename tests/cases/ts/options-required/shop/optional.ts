import { Counter, Gauge } from "encore.dev/metrics";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const database = new SQLDatabase("database");
export const bucket = new Bucket("bucket");
export const cache = new CacheCluster("cache");
export const counter = new Counter("counter");
export const gauge = new Gauge("gauge");
