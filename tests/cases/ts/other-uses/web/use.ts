import { auth, clean, gateway, hits, key, nightly, send } from "./declared";

// Any use of these is accepted.
export async function use(f: (value: unknown) => void) {
  await hits.increment("a");
  f(hits);
  f([key, key(), { key }]);
  await clean();
  f(clean);
  f({ nightly });
  f(send.topic);
  f([gateway, auth]);
  return [hits, key, clean, nightly, send, gateway, auth];
}
