import { Subscription, Topic } from "encore.dev/pubsub";
import { orderPlaced, paid as viaStar } from "../events/barrel";
import { Event, paid, placed, placed as aliased, shipped } from "../events/topics";

const local = new Topic<Event>("local", { deliveryGuarantee: "at-least-once" });
const handler = async () => {};

new Subscription(local, "local", { handler: handler });
new Subscription(placed, "named-import", { handler: handler });
new Subscription(aliased, "alias", { handler: handler });
new Subscription(paid, "export-list", { handler: handler });
new Subscription(shipped, "renamed-export", { handler: handler });
new Subscription(orderPlaced, "export-from", { handler: handler });
new Subscription(viaStar, "export-star", { handler: handler });
