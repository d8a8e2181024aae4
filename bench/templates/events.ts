/** Something happened to what the service keeps. */
export interface %Main%Changed {
  id: string;
  what: string;
  how: string;
  at: Date;
}

export const %main%Changed = new Topic<%Main%Changed>("%service%-changed", {
  deliveryGuarantee: "at-least-once",
});
//---
/** Asked for by a person; %why%. */
export interface %Main%Requested {
  id: string;
  requestedBy: Attribute<string>;
  reason?: string;
  items: Array<{ sku: string; quantity: number; note?: string }>;
}

export const %main%Requested = new Topic<%Main%Requested>("%service%-requested", {
  deliveryGuarantee: "at-least-once",
  orderingAttribute: "requestedBy",
});
