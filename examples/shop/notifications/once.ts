import {
  CacheCluster,
  CacheKeyExists,
  StringKeyspace,
  expireInHours,
} from "encore.dev/storage/cache";

const cluster = CacheCluster.named("shop-cache");

const done = new StringKeyspace<{ task: string }>(cluster, {
  keyPattern: "notified/:task",
  defaultExpiry: expireInHours(24),
});

/**
 * Runs `work` unless the same task was done within a day. Messages can arrive twice, and nobody
 * wants the same mail twice. If the work fails, the mark goes away and the next try runs it.
 */
export async function once(task: string, work: () => Promise<void>): Promise<void> {
  try {
    await done.setIfNotExists({ task }, new Date().toISOString());
  } catch (error) {
    if (error instanceof CacheKeyExists) {
      return;
    }
    throw error;
  }
  try {
    await work();
  } catch (error) {
    await done.delete({ task });
    throw error;
  }
}
