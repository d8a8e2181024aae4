import { Subscription } from "encore.dev/pubsub";
import { placed as orders } from "../mail/subscriptions";

// A folder with a subscription is a service.
new Subscription(orders, "book", { handler: async () => {} });
