import { CacheCluster, IntKeyspace, StringKeyspace, expireIn } from "encore.dev/storage/cache";

const cluster = new CacheCluster("my-cache");

interface ResourceKey {
  userId: string;
  resourcePath: string;
}

const resourceRequests = new IntKeyspace<ResourceKey>(cluster, {
  keyPattern: "requests/:userId/:resourcePath",
  defaultExpiry: expireIn(10 * 1000),
});

// A key of a basic type is the one parameter `:key`.
const names = new StringKeyspace<number>(cluster, { keyPattern: "name/:key" });

export async function allowed(key: ResourceKey): Promise<boolean> {
  return (await resourceRequests.increment(key)) <= 100;
}

export async function nameOf(id: number): Promise<string | undefined> {
  return names.get(id);
}
