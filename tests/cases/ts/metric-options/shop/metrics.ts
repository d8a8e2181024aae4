import { Counter, CounterGroup, Gauge, GaugeGroup } from "encore.dev/metrics";

interface Labels {
  page: string;
  statusCode: number;
  cached: boolean;
  method: "GET" | "POST";
  version: 1 | 2;
  referrer?: string;
}

export const visits = new Counter("visits");
export const byPage = new CounterGroup<Labels>("visits_by_page", {});
export const queue = new Gauge("queue_length");
export const byShard = new GaugeGroup<{ shard: number }>("queue_length_by_shard");
// The type argument makes the group, not the class.
export const groupOfOne = new Counter<{ page: string }>("visits_of_page");
export const noGroup = new CounterGroup("visits_in_all");
export const longest = new Gauge("a123456789_123456789_123456789_123456789_123456789_123456789_12");

visits.increment();
byPage.with({ page: "/", statusCode: 200, cached: false, method: "GET", version: 1 }).increment();
queue.set(3);
byShard.with({ shard: 1 }).set(3);
