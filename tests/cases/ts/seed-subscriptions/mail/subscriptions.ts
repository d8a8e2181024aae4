import { Subscription } from "encore.dev/pubsub";
import { orderCreated } from "../orders/events";
import { sendEmail } from "./send";

const _ = new Subscription(orderCreated, "send-confirmation-email", {
  handler: async (event) => {
    await sendEmail(event.userId, event.orderId);
  },
});
