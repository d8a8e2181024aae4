import { APIError, api } from "encore.dev/api";
import { Subscription } from "encore.dev/pubsub";
import { type Attrser, Bucket, type Uploader } from "encore.dev/storage/objects";
import { getAuthData } from "~encore/auth";
import { storeOnce } from "../shared/documents";
import { euros } from "../shared/money";
import { type Order, findOrder } from "./checkout";
import { orderPaid } from "./events";

// Private, and versioned: whatever is written over or removed by mistake can be brought back.
const invoices = new Bucket("invoices", { versioned: true });

// What the helper may do with it: write, and see what is there. Not read, not delete.
const invoiceStore = invoices.ref<Uploader & Attrser>();

const _ = new Subscription(orderPaid, "write-invoice", {
  handler: async ({ orderId }) => {
    const order = await findOrder(orderId);
    await storeOnce(invoiceStore, invoiceName(order), invoiceText(order), "text/plain");
  },
});

interface InvoiceParams {
  id: string;
}

interface InvoiceLink {
  url: string;
}

/** A link that works for a quarter of an hour, for whoever has it. The bucket stays closed. */
export const invoiceLink = api(
  { expose: true, auth: true, method: "GET", path: "/orders/:id/invoice" },
  async ({ id }: InvoiceParams): Promise<InvoiceLink> => {
    const order = await findOrder(id);
    if (order.customer !== getAuthData()!.userID) {
      throw APIError.notFound("no such order");
    }
    if (!(await invoices.exists(invoiceName(order)))) {
      throw APIError.failedPrecondition("there is no invoice before the order is paid");
    }
    return invoices.signedDownloadUrl(invoiceName(order), { ttl: 900 });
  },
);

function invoiceName(order: Order): string {
  return `${order.placedAt.getUTCFullYear()}/${order.id}.txt`;
}

function invoiceText(order: Order): string {
  const lines = order.lines.map(
    (line) => `${line.quantity} × ${line.name}  ${euros(line.quantity * line.priceCents)}`,
  );
  const total = `Total ${euros(order.totalCents)}`;
  return [`Invoice for order ${order.id}`, "", ...lines, "", total, ""].join("\n");
}
