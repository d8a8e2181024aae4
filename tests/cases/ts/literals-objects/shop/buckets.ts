import { Bucket } from "encore.dev/storage/objects";

const options = { public: true };
const key = "public";

export const quoted = new Bucket("quoted-key", { "public": true, 'versioned': true });
export const commented = new Bucket("comments", {
  // Comments may stand anywhere,
  public: true /* here too */,
});

export const named = new Bucket("named", options);
export const asConst = new Bucket("as-const", { public: true } as const);
export const satisfied = new Bucket("satisfied", { public: true } satisfies object);
export const wrapped = new Bucket("parentheses", ({ public: true }));
export const spread = new Bucket("spread", { ...options });
export const getter = new Bucket("getter", { get public() { return true; } });
export const setter = new Bucket("setter", { set public(value) {} });
export const computed = new Bucket("computed", { [key]: true });
export const computedString = new Bucket("computed-string", { ["public"]: true });
export const numeric = new Bucket("numeric", { 1: true });
export const unknown = new Bucket("unknown", { publik: true });
export const twice = new Bucket("twice", { public: true, versioned: true, "public": false });
