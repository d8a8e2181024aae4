import { Counter, CounterGroup, Gauge, GaugeGroup } from "encore.dev/metrics";

const visits = new Counter("visits");

export const count = () => visits.increment();
