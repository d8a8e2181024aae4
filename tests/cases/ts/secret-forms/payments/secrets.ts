import { secret } from "encore.dev/config";

class Client {
  constructor(...keys: string[]) {}
}

// Any text is a name.
export const stripeKey = secret("Stripe key 2");
const _ = secret("Unused");
// A variable around them is enough.
export const token = secret("Token")();
export const client = new Client(secret("ClientId")(), secret("ClientSecret")());
export const keys = { current: secret("CurrentKey"), former: secret("FormerKey") };
// Once more: the same name may be declared any number of times.
export const again = secret("Token");
