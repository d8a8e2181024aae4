import { bracketed, byPage, byShard, printed, queue, referred, visits, wrapped } from "./metrics";

class Report {
  constructor(readonly metric: unknown) {}
}

export function use() {
  visits.increment();
  byPage.with({ page: "/" }).increment();
  queue.set(5);
  byShard.with({ shard: 1 }).set(5);
  const reference = referred.ref();
  bracketed["increment"]();
  printed.toString();
  return [reference, new Report(wrapped)];
}
