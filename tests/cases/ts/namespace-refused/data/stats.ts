import { Counter, CounterGroup, Gauge, GaugeGroup } from "encore.dev/metrics";

export const visits = new Counter("visits");
