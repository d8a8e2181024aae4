import { visits } from "./metrics";

const copy = visits;

export function use(report: (metric: unknown) => void) {
  report(visits);
  report(visits.name);
  visits?.increment();
  (visits).increment();
  report({ visits });
  report(copy);
  return visits;
}
