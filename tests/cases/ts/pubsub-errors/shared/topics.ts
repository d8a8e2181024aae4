import { Attribute, Topic } from "encore.dev/pubsub";

interface Changed {
  id: Attribute<string>;
  value: number;
}

export const changed = new Topic<Changed>("changed", {
  deliveryGuarantee: "at-least-once",
  orderingAttribute: "idd",
});
export const untyped = new Topic("untyped", { deliveryGuarantee: "at-most-once" });
export default new Topic<Changed>("by-default", { deliveryGuarantee: "exactly-once" });

export function announce(id: string) {
  return changed.publish({ id, value: 1 });
}
