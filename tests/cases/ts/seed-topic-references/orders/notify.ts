import { Publisher } from "encore.dev/pubsub";
import { api } from "encore.dev/api";
import { type OrderCreatedEvent, orderCreated } from "./events";

// Create a reference with publish permission
const publisherRef = orderCreated.ref<Publisher<OrderCreatedEvent>>();

// Use the reference
async function notifyOrder(ref: typeof publisherRef, orderId: string) {
  await ref.publish({ orderId, userId: "123", total: 99.99 });
}

export const remind = api({ expose: true }, async (): Promise<void> => {
  await notifyOrder(publisherRef, "123");
});
