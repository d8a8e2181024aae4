import { Topic } from "encore.dev/pubsub";

interface OrderPlaced {
  orderId: string;
}
const guarantee = "exactly-once";

export const untyped = new Topic("untyped", { deliveryGuarantee: "exactly-once" });
export const atMostOnce = new Topic<OrderPlaced>("at-most-once", { deliveryGuarantee: "at-most-once" });
export const constant = new Topic<OrderPlaced>("constant", { deliveryGuarantee: guarantee });
export const unordered = new Topic<OrderPlaced>("unordered", { orderingAttribute: true });
export const bare = new Topic<OrderPlaced>("bare");
export const unnamed = new Topic<OrderPlaced>();
export const misspelled = new Topic<OrderPlaced>("misspelled", { orderingKey: "orderId" });
