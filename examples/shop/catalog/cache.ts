// One cache server for the whole shop, cut into keyspaces. A keyspace fixes the shape of a key
// and the kind of its values, so that a typing error in a key is found by the compiler.

import {
  CacheCluster,
  FloatKeyspace,
  IntKeyspace,
  NumberListKeyspace,
  NumberSetKeyspace,
  StringListKeyspace,
  StringSetKeyspace,
  StructKeyspace,
  expireIn,
  expireInHours,
  expireInMinutes,
  expireInSeconds,
  neverExpire,
} from "encore.dev/storage/cache";

// When memory runs out, what was not used for longest goes first. Everything in here can be
// computed again or done without.
const cluster = new CacheCluster("shop-cache", {
  evictionPolicy: "allkeys-lru",
});

export interface CachedProduct {
  id: number;
  name: string;
  description: string;
  priceCents: number;
  stock: number;
  imageUrl: string;
}

/** A product as the shop shows it. */
export const products = new StructKeyspace<{ productId: number }, CachedProduct>(cluster, {
  keyPattern: "product/:productId",
  defaultExpiry: expireInMinutes(10),
});

interface DailyKey {
  productId: number;
  day: string;
}

/** How often a product was looked at on a day; kept for two days. */
export const views = new IntKeyspace<DailyKey>(cluster, {
  keyPattern: "views/:productId/:day",
  defaultExpiry: expireInHours(48),
});

/** How much customers want a product right now. It fades by itself, see popularity.ts. */
export const scores = new FloatKeyspace<{ productId: number }>(cluster, {
  keyPattern: "score/:productId",
  defaultExpiry: neverExpire,
});

/** The products a customer looked at last, newest first. */
export const recentlyViewed = new NumberListKeyspace<{ email: string }>(cluster, {
  keyPattern: "recently-viewed/:email",
  defaultExpiry: expireInHours(30 * 24),
});

/** What a customer searched for last, newest first. */
export const recentSearches = new StringListKeyspace<{ email: string }>(cluster, {
  keyPattern: "recent-searches/:email",
  defaultExpiry: expireIn(7 * 24 * 3600 * 1000),
});

/** Who wants to know when a product is back. A courtesy: losing an entry is not a lost order. */
export const waiting = new StringSetKeyspace<{ productId: number }>(cluster, {
  keyPattern: "waiting/:productId",
  defaultExpiry: expireInHours(60 * 24),
});

/** The products under a tag. A key of a basic type is always called `:key` in the pattern. */
export const tagged = new NumberSetKeyspace<string>(cluster, {
  keyPattern: "tagged/:key",
  defaultExpiry: expireInSeconds(300),
});
