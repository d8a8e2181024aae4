import { Counter, CounterGroup, Gauge, GaugeGroup } from "encore.dev/metrics";

export const visits = new Counter("visits");
export const byPage = new CounterGroup<{ page: string }>("visits_by_page");
export const queue = new Gauge("queue_length");
export const byShard = new GaugeGroup<{ shard: number }>("queue_by_shard");
export const referred = new Counter("referred");
export const wrapped = new Counter("wrapped");
export const bracketed = new Counter("bracketed");
export const printed = new Counter("printed");
