import {
  CacheCluster,
  CacheKeyExists,
  CacheMiss,
  StringKeyspace,
} from "encore.dev/storage/cache";

const cluster = new CacheCluster("my-cache");

interface Key {
  id: string;
}

const keyspace = new StringKeyspace<Key>(cluster, { keyPattern: "value/:id" });

export async function read(key: Key): Promise<string> {
  // get() returns undefined on miss (does not throw)
  const value = await keyspace.get(key);
  return value ?? "nothing";
}

export async function change(key: Key, value: string): Promise<boolean> {
  try {
    // replace() throws CacheMiss if key doesn't exist
    await keyspace.replace(key, value);
    return true;
  } catch (error) {
    if (error instanceof CacheMiss) {
      return false;
    }
    throw error;
  }
}

export async function claim(key: Key, value: string): Promise<boolean> {
  try {
    // setIfNotExists() throws CacheKeyExists if key already exists
    await keyspace.setIfNotExists(key, value);
    return true;
  } catch (error) {
    if (error instanceof CacheKeyExists) {
      return false;
    }
    throw error;
  }
}
