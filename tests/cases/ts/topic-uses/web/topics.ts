import { Topic } from "encore.dev/pubsub";

interface Message {
  id: string;
}
export const placed = new Topic<Message>("placed", { deliveryGuarantee: "at-least-once" });
export const paid = new Topic<Message>("paid", { deliveryGuarantee: "at-least-once" });
export const shipped = new Topic<Message>("shipped", { deliveryGuarantee: "at-least-once" });
export const listened = new Topic<Message>("listened", { deliveryGuarantee: "at-least-once" });
