import { Subscription } from "encore.dev/pubsub";
import { type OrderPlaced, orderPlaced } from "../orders/events";
import { products } from "./cache";
import { db } from "./db";

// Another service's topic: the import is all it takes to listen. Publishing to it would be
// another permission, which this service does not have.
const _ = new Subscription(orderPlaced, "take-stock", {
  handler: takeStock,
});

/**
 * A message can arrive more than once, so doing this twice must be the same as doing it once:
 * stock goes down only for lines that were not recorded before.
 */
async function takeStock(order: OrderPlaced): Promise<void> {
  for (const { productId, quantity } of order.lines) {
    await db.exec`
      WITH taken AS (
        INSERT INTO stock_movements (order_id, product_id, quantity)
        VALUES (${order.orderId}, ${productId}, ${quantity})
        ON CONFLICT DO NOTHING
        RETURNING product_id, quantity
      )
      UPDATE products SET stock = greatest(stock - taken.quantity, 0)
      FROM taken WHERE products.id = taken.product_id
    `;
    await products.delete({ productId });
  }
}
