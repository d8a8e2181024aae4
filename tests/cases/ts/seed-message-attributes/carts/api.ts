import { api } from "encore.dev/api";
import { Subscription } from "encore.dev/pubsub";
import { cartEvents } from "./events";

interface Addition {
  cartId: string;
  productId: string;
}

export const addToCart = api(
  { expose: true, method: "POST", path: "/carts/:cartId/products" },
  async ({ cartId, productId }: Addition): Promise<void> => {
    await cartEvents.publish({ cartId, userId: "user-456", action: "add", productId });
  },
);

const _ = new Subscription(cartEvents, "count-products", {
  handler: async (event) => {
    console.log(event.cartId, event.action);
  },
});
