import { api } from "encore.dev/api";
import { Attribute, Subscription, Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { placed } from "../orders/orders";

const pictures = new Bucket("pictures", { public: true });
const invoices = new Bucket("invoices", { versioned: true });

export interface Moved {
  key: Attribute<string>;
}

const moves = new Topic<Moved>("moves", {
  deliveryGuarantee: "at-least-once",
  orderingAttribute: "key",
});

const invoice = new Subscription(placed, "invoice", {
  handler: async () => {
    await invoices.upload("a", Buffer.from("a"));
  },
});

const follow = new Subscription(moves, "follow", {
  handler: async () => {},
  maxConcurrency: 1,
  retryPolicy: { maxRetries: 3 },
});

export const move = api({ expose: true, method: "POST", path: "/move" }, async (): Promise<{ url: string }> => {
  await pictures.upload("a", Buffer.from("a"));
  await moves.publish({ key: "a" });
  return { url: pictures.publicUrl("a") };
});
