import {
  CacheCluster,
  IntKeyspace,
  StringKeyspace,
  StructKeyspace,
  expireDailyAt,
  expireInHours,
  expireInMinutes,
} from "encore.dev/storage/cache";

// The cluster is declared by the service `catalog`. A reference by name makes this service
// another user of it, without importing code from there.
const cluster = CacheCluster.named("shop-cache");

export interface Session {
  email: string;
  since: string;
}

/** Who is signed in. If the cache runs short and drops one, that customer signs in again. */
export const sessions = new StructKeyspace<{ sessionId: string }, Session>(cluster, {
  keyPattern: "session/:sessionId",
  defaultExpiry: expireInHours(14 * 24),
});

/** The six digits that were sent to an address and wait to be typed in. */
export const loginCodes = new StringKeyspace<{ email: string }>(cluster, {
  keyPattern: "login-code/:email",
  defaultExpiry: expireInMinutes(10),
});

interface AttemptKey {
  email: string;
  day: string;
}

/** How often an address asked for a code or guessed one today; forgotten at midnight UTC. */
export const attempts = new IntKeyspace<AttemptKey>(cluster, {
  keyPattern: "login-attempts/:email/:day",
  defaultExpiry: expireDailyAt(0, 0, 0),
});
