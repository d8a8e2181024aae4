import { api } from "encore.dev/api";
import { sendEmail } from "./email";

interface BackInStock {
  product: string;
  emails: string[];
}

/** Tells people that a product can be bought again. Called by the catalog. */
export const backInStock = api(
  { expose: false },
  async ({ product, emails }: BackInStock): Promise<void> => {
    for (const to of emails) {
      const subject = `${product} is back`;
      await sendEmail({ to, subject, text: `You can order ${product} again.` });
    }
  },
);
