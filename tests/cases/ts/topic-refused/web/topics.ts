import { Topic } from "encore.dev/pubsub";

interface Message {
  id: string;
}
export const placed = new Topic<Message>("placed", { deliveryGuarantee: "at-least-once" });
