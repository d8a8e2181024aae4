import { Subscription } from "encore.dev/pubsub";
import { orders } from "~encore/clients";
import { loginRequested } from "../customers/events";
import { orderPaid, orderPlaced } from "../orders/events";
import { euros } from "../shared/money";
import { sendEmail } from "./email";
import { once } from "./once";

// Somebody sits in front of the screen and waits: try often, and give up when the code is too old.
const sendLoginCode = new Subscription(loginRequested, "send-login-code", {
  handler: ({ email, code }) =>
    sendEmail({
      to: email,
      subject: "Your code for the shop",
      text: `${code}\n\nIt is good for ten minutes.`,
    }),
  ackDeadline: "15s",
  messageRetention: "10m",
  retryPolicy: {
    minBackoff: "1s",
    maxBackoff: "1m",
    maxRetries: 8,
  },
});

// Can wait for a mail company that is down for a while.
const confirmOrder = new Subscription(orderPlaced, "confirm-order", {
  handler: ({ orderId, customer, totalCents }) =>
    once(`confirm-order:${orderId}`, () =>
      sendEmail({
        to: customer,
        subject: "We have your order",
        text: `Order ${orderId} over ${euros(totalCents)} is waiting for your payment.`,
      }),
    ),
  maxConcurrency: 10,
  ackDeadline: "1m",
  messageRetention: "72h",
  retryPolicy: { minBackoff: "10s", maxBackoff: "1h", maxRetries: 50 },
});

// Everything not said is a default: 30 seconds to finish, 7 days kept, 100 retries.
const thankForPayment = new Subscription(orderPaid, "thank-for-payment", {
  handler: async ({ orderId }) => {
    const order = await orders.orderDetails({ id: orderId });
    await once(`thank:${orderId}`, () =>
      sendEmail({
        to: order.customer,
        subject: "Thank you",
        text: `We received ${euros(order.totalCents)} and pack ${order.lines.length} product(s).`,
      }),
    );
  },
});
