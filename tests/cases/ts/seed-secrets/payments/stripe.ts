import { secret } from "encore.dev/config";
import { api } from "encore.dev/api";

// Package level
const stripeKey = secret("StripeSecretKey");

interface Charge {
  cents: number;
}

export const charge = api({ expose: false }, async ({ cents }: Charge): Promise<void> => {
  // Usage (call as function)
  const key = stripeKey();
  console.log(cents, key.length);
});
