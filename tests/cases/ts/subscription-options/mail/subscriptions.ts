import { Subscription, Topic } from "encore.dev/pubsub";

interface OrderPlaced {
  orderId: string;
}
export const placed = new Topic<OrderPlaced>("placed", { deliveryGuarantee: "at-least-once" });
const send = async (message: OrderPlaced) => {};

new Subscription(placed, "by-default", { handler: send });
new Subscription(placed, "Any name.", { handler: (message) => send(message) });
new Subscription(placed, "everything", {
  handler: send,
  maxConcurrency: 2 * 5,
  ackDeadline: "1m 30s",
  messageRetention: "2w",
  retryPolicy: { minBackoff: "500ms", maxBackoff: "1h", maxRetries: 0 },
});
new Subscription(placed, "some-retries", { handler: send, retryPolicy: { maxRetries: +7 } });
// Encore itself sets no lower bounds.
new Subscription(placed, "soon", { handler: send, ackDeadline: "1ns", messageRetention: "0s" });
new Subscription(placed, "none-at-once", { handler: send, maxConcurrency: 0 });
