import { APIError, api } from "encore.dev/api";
import { getAuthData } from "~encore/auth";
import { catalog } from "~encore/clients";
import { db } from "./db";
import { type OrderLine, cartEvents } from "./events";

interface CartItem {
  productId: number;
  quantity: number;
}

interface Cart {
  lines: OrderLine[];
  totalCents: number;
}

/** Sets the quantity of a product in the caller's cart; 0 takes the product out of it. */
export const setCartItem = api(
  { expose: true, auth: true, method: "PUT", path: "/cart/:productId" },
  async ({ productId, quantity }: CartItem): Promise<Cart> => {
    const customer = getAuthData()!.userID;
    if (quantity < 0 || !Number.isInteger(quantity)) {
      throw APIError.invalidArgument("the quantity must be a whole number");
    }
    if (quantity === 0) {
      await db.exec`
        DELETE FROM cart_lines WHERE customer = ${customer} AND product_id = ${productId}
      `;
    } else {
      await db.exec`
        INSERT INTO cart_lines (customer, product_id, quantity)
        VALUES (${customer}, ${productId}, ${quantity})
        ON CONFLICT (customer, product_id) DO UPDATE SET quantity = excluded.quantity
      `;
    }
    const action = quantity === 0 ? "remove" : "add";
    await cartEvents.publish({ cartId: customer, productId, action });
    return cartOf(customer);
  },
);

export const viewCart = api(
  { expose: true, auth: true, method: "GET", path: "/cart" },
  async (): Promise<Cart> => cartOf(getAuthData()!.userID),
);

/** The lines with today's names and prices, which only the catalog knows. */
export async function cartOf(customer: string): Promise<Cart> {
  const items = await db.queryAll<{ product_id: number; quantity: number }>`
    SELECT product_id, quantity FROM cart_lines WHERE customer = ${customer} ORDER BY product_id
  `;
  const { products } = await catalog.quote({ productIds: items.map((item) => item.product_id) });
  const byId = new Map(products.map((product) => [product.id, product]));
  const lines = items.flatMap(({ product_id, quantity }) => {
    const product = byId.get(product_id);
    return product
      ? [{ productId: product_id, name: product.name, priceCents: product.priceCents, quantity }]
      : [];
  });
  return { lines, totalCents: lines.reduce((sum, l) => sum + l.priceCents * l.quantity, 0) };
}
