import { Topic } from "encore.dev/pubsub";

export interface Message {
  id: string;
}
export const placed = new Topic<Message>("placed", { deliveryGuarantee: "at-least-once" });
export const paid = new Topic<Message>("paid", { deliveryGuarantee: "at-least-once" });
export const shipped = new Topic<Message>("shipped", { deliveryGuarantee: "at-least-once" });
export const returned = new Topic<Message>("returned", { deliveryGuarantee: "at-least-once" });
export const closed = new Topic<Message>("closed", { deliveryGuarantee: "at-least-once" });
