// Everything that this service tells the others. They import the topic and its message type.

import { type Attribute, Topic } from "encore.dev/pubsub";

export interface OrderLine {
  productId: number;
  name: string;
  priceCents: number;
  quantity: number;
}

export interface OrderPlaced {
  orderId: string;
  customer: string;
  totalCents: number;
  lines: OrderLine[];
}

export const orderPlaced = new Topic<OrderPlaced>("order-placed", {
  deliveryGuarantee: "at-least-once",
});

export interface OrderPaid {
  orderId: string;
}

export const orderPaid = new Topic<OrderPaid>("order-paid", {
  deliveryGuarantee: "at-least-once",
});

export interface CartEvent {
  /** An attribute travels beside the message, where the message system itself can read it. */
  cartId: Attribute<string>;
  productId: number;
  action: "add" | "remove";
}

// Ordered: events of one cart arrive one after the other, in the order they were published.
// Different carts do not wait for each other.
export const cartEvents = new Topic<CartEvent>("cart-events", {
  deliveryGuarantee: "at-least-once",
  orderingAttribute: "cartId",
});
