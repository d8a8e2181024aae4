import { Counter, CounterGroup, Gauge, GaugeGroup } from "encore.dev/metrics";

type Page = string;
const name = "visits";

export const upperCase = new Counter("Visits");
export const dashed = new Counter("page-views");
export const digitFirst = new Gauge("5xx");
export const underscoreLast = new Gauge("visits_");
export const empty = new Gauge("");
export const reserved = new Counter("e_requests");
export const tooLong = new Gauge("a123456789_123456789_123456789_123456789_123456789_123456789_123");
export const constant = new Counter(name);
export const unnamed = new Counter();
export const options = new Counter("options", { unit: "ms" });
export const text = new Counter("text", "ms");
export const service = new CounterGroup<{ service: string }>("by_service");
export const upperService = new CounterGroup<{ Service: string }>("by_upper_service");
export const alias = new CounterGroup<{ page: Page }>("alias");
export const list = new CounterGroup<{ pages: string[] }>("list");
export const object = new GaugeGroup<{ page: { path: string } }>("object");
export const mixed = new GaugeGroup<{ page: string | number }>("mixed");
export const date = new GaugeGroup<{ day: Date }>("date");
export const method = new GaugeGroup<{ page(): string }>("method");
