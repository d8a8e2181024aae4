import { Subscription, Topic } from "encore.dev/pubsub";

interface OrderPlaced {
  orderId: string;
}
const placed = new Topic<OrderPlaced>("placed", { deliveryGuarantee: "at-least-once" });
const handler = async (message: OrderPlaced) => {};
const topics = [placed];

new Subscription(placed, "no-handler", {});
new Subscription(placed, "shorthand", { handler });
new Subscription(placed, "method", { async handler(message: OrderPlaced) {} });
new Subscription(placed, "no-options");
new Subscription(placed);
new Subscription(placed, `template`, { handler: handler });
new Subscription(placed, "unlimited", { handler: handler, maxConcurrency: -1 });
new Subscription(placed, "infinite", { handler: handler, retryPolicy: { maxRetries: -2 } });
new Subscription(placed, "half", { handler: handler, maxConcurrency: 1.5 });
new Subscription(placed, "seconds", { handler: handler, ackDeadline: 30 });
new Subscription(placed, "micro", { handler: handler, ackDeadline: "30µs" });
new Subscription(placed, "decimals", { handler: handler, messageRetention: "1.5d" });
new Subscription(placed, "backoff", { handler: handler, retryPolicy: { minBackoff: "-1s" } });
new Subscription(placed, "misspelled", { handler: handler, retryPolicy: { maxRetry: 3 } });
new Subscription(placed, "unknown", { handler: handler, deadLetter: true });
new Subscription(nowhere, "nowhere", { handler: handler });
new Subscription(topics[0], "item", { handler: handler });
new Subscription(...topics, "spread", { handler: handler });
