import { api } from "encore.dev/api";
import { orderCreated } from "./events";

export const placeOrder = api({ expose: true }, async (): Promise<void> => {
  await orderCreated.publish({
    orderId: "123",
    userId: "user-456",
    total: 99.99,
  });
});
