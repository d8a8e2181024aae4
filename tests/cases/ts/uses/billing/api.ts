import { api } from "encore.dev/api";
import { secret } from "encore.dev/config";
import { biling, shop } from "~encore/clients";
import { archive, log, sendInvoice } from "../lib/helpers";
import { counts } from "../shop/resources";

const key = secret("StripeKey");

export const charge = api({}, async (): Promise<void> => {
  await log(key());
  await archive();
  await sendInvoice();
  await counts.increment("a");
  await biling.charge();
  const reference = shop.ref();
  console.log(reference);
});
