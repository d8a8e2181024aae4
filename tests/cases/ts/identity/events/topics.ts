import { Topic } from "encore.dev/pubsub";

export interface Event {
  id: string;
}
export const placed = new Topic<Event>("placed", { deliveryGuarantee: "at-least-once" });
const paid = new Topic<Event>("paid", { deliveryGuarantee: "at-least-once" });
const sent = new Topic<Event>("sent", { deliveryGuarantee: "at-least-once" });
export { paid, sent as shipped };

export default new Topic<Event>("returned", { deliveryGuarantee: "at-least-once" });

export namespace Archive {
  export const moved = new Topic<Event>("moved", { deliveryGuarantee: "at-least-once" });
}
export const topics = {
  lost: new Topic<Event>("lost", { deliveryGuarantee: "at-least-once" }),
};
