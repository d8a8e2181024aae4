import * as events from "../data/events";
import * as files from "../data/files";
import * as orders from "../data/orders";
import * as stats from "../data/stats";
import total from "../data/orders";

export async function use() {
  await files.save("text");
  await events.placed.publish({ id: "1" });
  stats.visits.increment();
  const all = orders;
  total();
  return all;
}
