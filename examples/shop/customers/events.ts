import { Topic } from "encore.dev/pubsub";

export interface LoginRequested {
  email: string;
  code: string;
}

/** A customer wants to sign in and waits for the code. */
export const loginRequested = new Topic<LoginRequested>("login-requested", {
  deliveryGuarantee: "at-least-once",
});
