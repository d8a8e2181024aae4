import { CacheCluster, IntKeyspace, StringKeyspace, StructKeyspace } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { sessions } from "../shared/lib";

const cluster = CacheCluster.named("sharde");
const shared = CacheCluster.named("shared");
const bucket = new Bucket("bucket");
type Alias = string;
interface Key {
  user: string;
  days: string[];
}

export const unknownCluster = new StringKeyspace<string>(cluster, { keyPattern: "a/:key" });
export const onABucket = new StringKeyspace<string>(bucket, { keyPattern: "b/:key" });
export const unresolved = new StringKeyspace<string>(nowhere, { keyPattern: "c/:key" });
export const noConfig = new StringKeyspace<string>(shared);
export const noKeyType = new StringKeyspace(shared, { keyPattern: "d/:key" });
export const noValueType = new StructKeyspace<string>(shared, { keyPattern: "e/:key" });
export const reserved = new StringKeyspace<string>(shared, { keyPattern: "__encore/:key" });
export const wrongName = new StringKeyspace<string>(shared, { keyPattern: "f/:id" });
export const anyKey = new StringKeyspace<any>(shared, { keyPattern: "g/:key" });
export const aliasKey = new StringKeyspace<Alias>(shared, { keyPattern: "h/:key" });
export const unionKey = new IntKeyspace<"a" | "b">(shared, { keyPattern: "i/:key" });
export const fields = new IntKeyspace<Key>(shared, { keyPattern: "j/:user/:days" });
export const unusedField = new IntKeyspace<{ a: string; b: string }>(shared, { keyPattern: "k/:a" });
export const noField = new IntKeyspace<{ a: string }>(shared, { keyPattern: "l/:a/:aa" });
export const listValue = new StructKeyspace<string, string[]>(shared, { keyPattern: "m/:key" });
export const inline = new StringKeyspace<string>(CacheCluster.named("shared"), {
  keyPattern: "n/:key",
});

export async function use() {
  await sessions.get("1");
  await inline.with({ expiry: "neverExpire" }).set("1", "2");
}
