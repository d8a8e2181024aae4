import { Subscription } from "encore.dev/pubsub";
import { orderCreated as placed } from "../orders/events";

// A second listener on the same topic, with everything set.
new Subscription(placed, "write-to-ledger", {
  handler: async (event) => {
    console.log(event.total);
  },
  maxConcurrency: 5,
  ackDeadline: "1m30s",
  messageRetention: "2h",
  retryPolicy: {
    minBackoff: "500ms",
    maxBackoff: "5m",
    maxRetries: 20,
  },
});
