import { Subscription, Topic } from "encore.dev/pubsub";

export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
const handler = async () => {};
const handlers = { placed: handler, make: () => handler };

// What a `handler` is does not matter, as long as it stands behind a key.
new Subscription(placed, "named", { handler: handler });
new Subscription(placed, "quoted", { "handler": handler });
new Subscription(placed, "inline", { handler: async () => {} });
new Subscription(placed, "function", { handler: async function () {} });
new Subscription(placed, "member", { handler: handlers.placed });
new Subscription(placed, "called", { handler: handlers.make() });

new Subscription(placed, "shorthand", { handler });
new Subscription(placed, "method", { async handler() {} });
new Subscription(placed, "missing", { ackDeadline: "30s" });
new Subscription(placed, "spread", { ...handlers });
