import { api } from "encore.dev/api";
import { counters, lastPrices, profiles, readers, recentItems, scores, tags, tokens } from "./cache";

export const tour = api({ expose: true }, async (): Promise<void> => {
  await tokens.set({ tokenId: "abc" }, "value");
  const val = await tokens.get({ tokenId: "abc" }); // undefined on miss
  await tokens.delete({ tokenId: "abc" });

  const count = await counters.increment({ userId: "user123" }, 1);
  await counters.decrement({ userId: "user123" }, 1);

  await scores.increment({ oddsId: "derby" }, 0.25);

  await profiles.set({ userId: "123" }, { name: "Alice", email: "alice@example.com" });

  await recentItems.pushRight({ userId: "user123" }, "item1", "item2");
  const items = await recentItems.getRange({ userId: "user123" }, 0, -1);
  const prices = await lastPrices.items({ productId: "desk" });

  await tags.add({ articleId: "post1" }, "typescript", "encore", "backend");
  const hasTag = await tags.contains({ articleId: "post1" }, "typescript");
  const reader = await readers.sampleOne({ articleId: "post1" });

  console.log(val, count, items, prices, hasTag, reader);
});
