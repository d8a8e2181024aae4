import { CacheCluster, IntKeyspace } from "encore.dev/storage/cache";
import { idle, limits, sessions } from "./clusters";

class Limiter {
  constructor(readonly cluster: CacheCluster) {}
}

export const hits = new IntKeyspace<string>(sessions, { keyPattern: "hits/:key" });
export const limiter = new Limiter(limits);
const reference = CacheCluster.named("named");
export const calls = new IntKeyspace<string>(reference, { keyPattern: "calls/:key" });

export function pass(f: (value: unknown) => void) {
  f(idle);
  f({ idle });
  f(idle.toString());
  return idle;
}
