import { Topic } from "encore.dev/pubsub";

export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });
