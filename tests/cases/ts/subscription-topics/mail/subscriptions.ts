import { Subscription, Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";

interface OrderPlaced {
  orderId: string;
}
const placed = new Topic<OrderPlaced>("placed", { deliveryGuarantee: "at-least-once" });
const handler = async (message: OrderPlaced) => {};
const files = new Bucket("files");

new Subscription(handler, "function", { handler: handler });
new Subscription(files, "bucket", { handler: handler });
new Subscription(new Topic<OrderPlaced>("inline", {}), "inline", { handler: handler });
