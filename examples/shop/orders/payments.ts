import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { api } from "encore.dev/api";
import { secret } from "encore.dev/config";
import log from "encore.dev/log";
import { db } from "./db";
import { orderPaid } from "./events";

// Shared with the payment company, which signs every call with it.
const webhookSecret = secret("PaymentWebhookSecret");

interface PaymentNotice {
  orderId: string;
  paymentId: string;
}

/**
 * The payment company reports a payment. A raw endpoint sees the request byte by byte: the
 * signature covers the body as it was sent, and parsed JSON cannot be turned back into it.
 */
export const paymentWebhook = api.raw(
  { expose: true, method: "POST", path: "/webhooks/payment", bodyLimit: 64 * 1024 },
  async (request, response) => {
    const body = await bodyOf(request);
    if (!isSigned(body, String(request.headers["x-signature"] ?? ""))) {
      response.writeHead(401).end();
      return;
    }
    await recordPayment(JSON.parse(body.toString("utf-8")) as PaymentNotice);
    response.writeHead(204).end();
  },
);

async function recordPayment({ orderId, paymentId }: PaymentNotice): Promise<void> {
  const paid = await db.queryRow`
    UPDATE orders SET status = 'paid', payment_id = ${paymentId}, paid_at = now()
    WHERE id = ${orderId} AND status = 'placed'
    RETURNING id
  `;
  if (paid === null) {
    log.warn("payment for an order that is not open", { orderId, paymentId });
    return;
  }
  await orderPaid.publish({ orderId });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function isSigned(body: Buffer, signature: string): boolean {
  const expected = createHmac("sha256", webhookSecret()).update(body).digest();
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
