import { APIError, api } from "encore.dev/api";
import { CounterGroup } from "encore.dev/metrics";
import type { Publisher } from "encore.dev/pubsub";
import { getAuthData } from "~encore/auth";
import { announce } from "../shared/announce";
import { cartOf } from "./cart";
import { db } from "./db";
import { type OrderLine, type OrderPlaced, orderPlaced } from "./events";

// A reference with exactly one permission, to hand to code outside this service.
const orderPublisher = orderPlaced.ref<Publisher<OrderPlaced>>();

// One counter for each combination of labels.
export const checkouts = new CounterGroup<{ result: string }>("checkouts");

interface Placed {
  orderId: string;
  totalCents: number;
}

export const checkout = api(
  { expose: true, auth: true, method: "POST", path: "/orders" },
  async (): Promise<Placed> => {
    const customer = getAuthData()!.userID;
    const { lines, totalCents } = await cartOf(customer);
    if (lines.length === 0) {
      checkouts.with({ result: "empty" }).increment();
      throw APIError.failedPrecondition("the cart is empty");
    }
    const orderId = await saveOrder(customer, lines, totalCents);
    await announce(orderPublisher, "order placed", { orderId, customer, totalCents, lines });
    checkouts.with({ result: "placed" }).increment();
    return { orderId, totalCents };
  },
);

interface OrderParams {
  id: string;
}

export interface Order {
  id: string;
  customer: string;
  status: string;
  totalCents: number;
  placedAt: Date;
  lines: OrderLine[];
}

export const getOrder = api(
  { expose: true, auth: true, method: "GET", path: "/orders/:id" },
  async ({ id }: OrderParams): Promise<Order> => {
    const order = await findOrder(id);
    if (order.customer !== getAuthData()!.userID) {
      throw APIError.notFound("no such order");
    }
    return order;
  },
);

/** The same without asking who wants to know: only other services can call it. */
export const orderDetails = api(
  { expose: false },
  async ({ id }: OrderParams): Promise<Order> => findOrder(id),
);

async function saveOrder(
  customer: string,
  lines: OrderLine[],
  totalCents: number,
): Promise<string> {
  await using tx = await db.begin();
  const order = await tx.queryRow<{ id: string }>`
    INSERT INTO orders (customer, total_cents) VALUES (${customer}, ${totalCents}) RETURNING id
  `;
  if (order === null) {
    throw APIError.internal("the database returned no order");
  }
  for (const line of lines) {
    await tx.exec`
      INSERT INTO order_lines (order_id, product_id, name, price_cents, quantity)
      VALUES (${order.id}, ${line.productId}, ${line.name}, ${line.priceCents}, ${line.quantity})
    `;
  }
  await tx.exec`DELETE FROM cart_lines WHERE customer = ${customer}`;
  await tx.commit();
  return order.id;
}

export async function findOrder(id: string): Promise<Order> {
  const row = await db.queryRow<{
    id: string;
    customer: string;
    status: string;
    total_cents: number;
    placed_at: Date;
  }>`
    SELECT id, customer, status, total_cents, placed_at FROM orders WHERE id = ${id}
  `;
  if (row === null) {
    throw APIError.notFound("no such order");
  }
  const lines = await db.queryAll<{
    product_id: number;
    name: string;
    price_cents: number;
    quantity: number;
  }>`
    SELECT product_id, name, price_cents, quantity
    FROM order_lines WHERE order_id = ${id} ORDER BY product_id
  `;
  return {
    id: row.id,
    customer: row.customer,
    status: row.status,
    totalCents: row.total_cents,
    placedAt: row.placed_at,
    lines: lines.map((line) => ({
      productId: line.product_id,
      name: line.name,
      priceCents: line.price_cents,
      quantity: line.quantity,
    })),
  };
}
