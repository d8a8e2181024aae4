import { Topic } from "encore.dev/pubsub";

interface OrderPlaced {
  orderId: string;
  region: string;
}

// Any text is a name; without a guarantee messages arrive at least once.
export const byDefault = new Topic<OrderPlaced>("site.added", {});
export const atLeastOnce = new Topic<OrderPlaced>("placed", { deliveryGuarantee: "at-least-once" });
export const exactlyOnce = new Topic<OrderPlaced>("paid", { deliveryGuarantee: "exactly-once" });
export const ordered = new Topic<OrderPlaced>("shipped", {
  deliveryGuarantee: "exactly-once",
  orderingAttribute: "orderId",
});
// Encore does not look whether messages have the attribute.
export const byCity = new Topic<OrderPlaced>("by-city", { orderingAttribute: "city" });
