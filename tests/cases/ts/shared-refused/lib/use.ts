import { Publisher } from "encore.dev/pubsub";
import { orders } from "~encore/clients";
import { files, paid, placed, sessions, visits } from "../infra/resources";

class Limiter {
  constructor(readonly cluster: unknown) {}
}
const limiter = new Limiter(sessions);

export async function use() {
  await placed.publish({ id: "1" });
  await files.list({});
  visits.increment();
  await orders.list();
  return [limiter, paid.ref<Publisher>()];
}
