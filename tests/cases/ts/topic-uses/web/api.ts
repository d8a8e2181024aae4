import { Publisher, Subscription } from "encore.dev/pubsub";
import { listened, paid, placed, shipped } from "./topics";

new Subscription(listened, "listen", { handler: async () => {} });

export async function use(send: (publisher: Publisher) => void) {
  await placed.publish({ id: "1" });
  send(paid.ref<Publisher>());
  await shipped["publish"]({ id: "1" });
  listened.toString();
}
