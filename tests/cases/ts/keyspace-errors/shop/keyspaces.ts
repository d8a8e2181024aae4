import { CacheCluster, IntKeyspace, StringKeyspace, StructKeyspace } from "encore.dev/storage/cache";

type Id = string;
const shop = new CacheCluster("shop");
const pattern = "name/:key";

new StringKeyspace();
new StringKeyspace<string>(shop);
new StringKeyspace<string>(shop, {});
new StringKeyspace<string>(shop, { keyPattern: pattern });
new StringKeyspace<string>(shop, { keyPattern: "a/:key", expiry: 60 });
new StringKeyspace<string>(shop, { keyPattern: "__encore/:key" });
new StringKeyspace(shop, { keyPattern: "untyped/:key" });
new StringKeyspace<any>(shop, { keyPattern: "any/:key" });
new StringKeyspace<unknown>(shop, { keyPattern: "unknown/:key" });
new StringKeyspace<Id>(shop, { keyPattern: "alias/:key" });
new StringKeyspace<"a" | "b">(shop, { keyPattern: "union/:key" });
new StringKeyspace<"a">(shop, { keyPattern: "literal/:key" });
new StringKeyspace<string[]>(shop, { keyPattern: "list/:key" });
new StringKeyspace<string>(shop, { keyPattern: "user/:id" });
new StringKeyspace<{ days: string[] }>(shop, { keyPattern: "days/:days" });
new StringKeyspace<{ id: Id }>(shop, { keyPattern: "field-alias/:id" });
new StringKeyspace<{ id(): string }>(shop, { keyPattern: "method/:id" });
new StringKeyspace<{ id: string; year: number }>(shop, { keyPattern: "missing/:id" });
new StringKeyspace<{ id: string }>(shop, { keyPattern: "more/:id/:year" });
new StructKeyspace<string, string>(shop, { keyPattern: "text/:key" });
new StructKeyspace<string, string[]>(shop, { keyPattern: "items/:key" });
new IntKeyspace<string>(nowhere, { keyPattern: "nowhere/:key" });
new IntKeyspace<string>(CacheCluster.named("shop"), { keyPattern: "inline/:key" });
