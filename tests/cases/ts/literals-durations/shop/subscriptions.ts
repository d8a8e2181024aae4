import { Subscription, Topic } from "encore.dev/pubsub";

const HOUR = "1h";
const handler = async () => {};
const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });

new Subscription(placed, "ns", { handler: handler, ackDeadline: "500000000ns" });
new Subscription(placed, "us", { handler: handler, ackDeadline: "2000000us" });
new Subscription(placed, "ms", { handler: handler, ackDeadline: "1500ms" });
new Subscription(placed, "s", { handler: handler, ackDeadline: "30s" });
new Subscription(placed, "m", { handler: handler, ackDeadline: "5m" });
new Subscription(placed, "h", { handler: handler, ackDeadline: "1h" });
new Subscription(placed, "d", { handler: handler, ackDeadline: "2d" });
new Subscription(placed, "w", { handler: handler, ackDeadline: "1w" });
new Subscription(placed, "y", { handler: handler, ackDeadline: "1y" });
new Subscription(placed, "several", { handler: handler, ackDeadline: "1d2h3m4s" });
new Subscription(placed, "spaces", { handler: handler, ackDeadline: " 1 h 30 m " });

new Subscription(placed, "decimals", { handler: handler, ackDeadline: "1.5h" });
new Subscription(placed, "negative", { handler: handler, ackDeadline: "-1h" });
new Subscription(placed, "signed", { handler: handler, ackDeadline: "+1h" });
new Subscription(placed, "micro", { handler: handler, ackDeadline: "5µs" });
new Subscription(placed, "no-unit", { handler: handler, ackDeadline: "30" });
new Subscription(placed, "no-digits", { handler: handler, ackDeadline: "h" });
new Subscription(placed, "empty", { handler: handler, ackDeadline: "" });
new Subscription(placed, "unknown-unit", { handler: handler, ackDeadline: "5min" });
new Subscription(placed, "upper-case", { handler: handler, ackDeadline: "5S" });
new Subscription(placed, "number", { handler: handler, ackDeadline: 30 });
new Subscription(placed, "constant", { handler: handler, ackDeadline: HOUR });
new Subscription(placed, "template", { handler: handler, ackDeadline: `1h` });
