import { createHmac } from "node:crypto";
import { Gateway, Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";
import { secret } from "encore.dev/config";
import { sessions } from "./sessions";

const STAFF_DOMAIN = "@staff.shop.example";

// A secret is declared where it is used and read by calling it. Its value never stands in the
// source: `encore-infra secret set SessionKey` puts it into the environment's store.
const sessionKey = secret("SessionKey");

interface AuthParams {
  authorization: Header<"Authorization">;
}

/** What every endpoint with `auth: true` can learn about the caller through `getAuthData()`. */
export interface AuthData {
  /** The customer's e-mail address: customers have no password and no other id. */
  userID: string;
  staff: boolean;
  sessionId: string;
}

/** Sessions are stored under a keyed hash, so that a look into the cache reveals no valid token. */
export function sessionIdOf(token: string): string {
  return createHmac("sha256", sessionKey()).update(token).digest("hex");
}

/** Encore calls this for each request that carries the header; `null` means: not signed in. */
export const auth = authHandler<AuthParams, AuthData>(async ({ authorization }) => {
  const sessionId = sessionIdOf(authorization.replace(/^Bearer /, ""));
  const session = await sessions.get({ sessionId });
  if (session === undefined) {
    return null;
  }
  return { userID: session.email, staff: session.email.endsWith(STAFF_DOMAIN), sessionId };
});

// The one door to the outside: it authenticates, then routes to the service that has the path.
export const gateway = new Gateway({ authHandler: auth });
