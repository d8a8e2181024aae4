import { StringKeyspace } from "encore.dev/storage/cache";
import { cluster } from "./cluster";

// Encore looks through these; a cast to anything but `const` hides what is behind it.
export const plain = new StringKeyspace<string>((cluster), { keyPattern: "a/:key" });
export const nonNull = new StringKeyspace<string>(cluster!, { keyPattern: "b/:key" });
export const asConst = new StringKeyspace<string>(cluster as const, { keyPattern: "c/:key" });
export const satisfied = new StringKeyspace<string>(cluster satisfies object, {
  keyPattern: "d/:key",
});
export const casted = new StringKeyspace<string>(cluster as any, { keyPattern: "e/:key" });
