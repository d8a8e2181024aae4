import { secret } from "encore.dev/config";

// The same secret may be declared wherever it is needed.
export const stripeKey = secret("StripeSecretKey");
export const refundKey = secret("RefundKey");
