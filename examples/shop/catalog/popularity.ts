// What is wanted right now: each product has a score that carts raise and time lowers.

import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import { Gauge } from "encore.dev/metrics";
import { Subscription } from "encore.dev/pubsub";
import { cartEvents } from "../orders/events";
import { scores } from "./cache";
import { db } from "./db";

const FADE = 0.5;

export const topScore = new Gauge("top_product_score");

const _ = new Subscription(cartEvents, "learn-popularity", {
  handler: async (event) => {
    const delta = event.action === "add" ? 1 : -1;
    await scores.increment({ productId: event.productId }, delta);
  },
  // The topic keeps the events of a cart in order; one at a time keeps them so up to here.
  maxConcurrency: 1,
  // And one that fails holds up those behind it: give up after minutes, not after hours.
  retryPolicy: { maxRetries: 5, maxBackoff: "1m" },
});

interface PopularProduct {
  id: number;
  score: number;
}

interface Popular {
  products: PopularProduct[];
}

export const popular = api(
  { expose: true, method: "GET", path: "/popular" },
  async (): Promise<Popular> => {
    const ranked = await currentScores();
    return { products: ranked.slice(0, 10) };
  },
);

/** Halves every score, so that a product of last week gives way to one of today. */
export const fadeScores = api({ expose: false }, async (): Promise<void> => {
  const ranked = await currentScores();
  topScore.set(ranked[0]?.score ?? 0);
  for (const { id, score } of ranked) {
    await scores.set({ productId: id }, score * FADE);
  }
});

new CronJob("fade-scores", {
  title: "Let product scores fade",
  every: "6h",
  endpoint: fadeScores,
});

async function currentScores(): Promise<PopularProduct[]> {
  const ids: number[] = [];
  for await (const row of db.query<{ id: number }>`SELECT id FROM products ORDER BY id`) {
    ids.push(row.id);
  }
  if (ids.length === 0) {
    return [];
  }
  const values = await scores.multiGet(...ids.map((productId) => ({ productId })));
  return ids
    .map((id, index) => ({ id, score: values[index] ?? 0 }))
    .sort((a, b) => b.score - a.score);
}
