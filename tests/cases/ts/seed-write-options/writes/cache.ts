import {
  CacheCluster,
  StringKeyspace,
  expireInHours,
  expireInMinutes,
  keepTTL,
} from "encore.dev/storage/cache";

const cluster = new CacheCluster("my-cache");

interface Key {
  id: string;
}

const keyspace = new StringKeyspace<Key>(cluster, {
  keyPattern: "value/:id",
  defaultExpiry: expireInHours(1),
});

export async function writeEveryWay(key: Key, value: string): Promise<void> {
  // Override default expiry
  await keyspace.set(key, value, { expiry: expireInMinutes(30) });

  // Keep existing TTL
  await keyspace.set(key, value, { expiry: keepTTL });

  // Only set if key doesn't exist (throws CacheKeyExists otherwise)
  await keyspace.setIfNotExists(key, value);

  // Only set if key already exists (throws CacheMiss otherwise)
  await keyspace.replace(key, value);
}
