// Signing in without passwords: ask for a code, receive it by e-mail, exchange it for a token.

import { randomBytes, randomInt } from "node:crypto";
import { APIError, api } from "encore.dev/api";
import { Counter } from "encore.dev/metrics";
import { getAuthData } from "~encore/auth";
import { today } from "../shared/money";
import { loginRequested } from "./events";
import { sessionIdOf } from "./gateway";
import { attempts, loginCodes, sessions } from "./sessions";

const ATTEMPTS_A_DAY = 20;

// Counted here, shown by whatever collects the app's metrics. Metrics are exported: the code that
// Encore generates imports them.
export const logins = new Counter("logins");

interface RequestCodeParams {
  email: string;
}

export const requestCode = api(
  { expose: true, method: "POST", path: "/login" },
  async ({ email }: RequestCodeParams): Promise<void> => {
    await countAttempt(email);
    const code = String(randomInt(1_000_000)).padStart(6, "0");
    await loginCodes.set({ email }, code);
    // Sending mail takes its time and may fail; the caller does not wait for it.
    await loginRequested.publish({ email, code });
  },
);

interface ConfirmCodeParams {
  email: string;
  code: string;
}

interface SignedIn {
  token: string;
}

export const confirmCode = api(
  // `sensitive` keeps code and token out of traces.
  { expose: true, method: "POST", path: "/login/confirm", sensitive: true },
  async ({ email, code }: ConfirmCodeParams): Promise<SignedIn> => {
    await countAttempt(email);
    if ((await loginCodes.get({ email })) !== code) {
      throw APIError.unauthenticated("this code is wrong or too old");
    }
    await loginCodes.delete({ email });

    const token = randomBytes(32).toString("base64url");
    const session = { email, since: new Date().toISOString() };
    await sessions.set({ sessionId: sessionIdOf(token) }, session);
    logins.increment();
    return { token };
  },
);

interface Me {
  email: string;
  staff: boolean;
}

export const me = api(
  { expose: true, auth: true, method: "GET", path: "/me" },
  async (): Promise<Me> => {
    const caller = getAuthData()!;
    return { email: caller.userID, staff: caller.staff };
  },
);

export const signOut = api(
  { expose: true, auth: true, method: "DELETE", path: "/login" },
  async (): Promise<void> => {
    await sessions.delete({ sessionId: getAuthData()!.sessionId });
  },
);

async function countAttempt(email: string): Promise<void> {
  const count = await attempts.increment({ email, day: today() });
  if (count > ATTEMPTS_A_DAY) {
    throw APIError.resourceExhausted("too many attempts for this address today");
  }
}
