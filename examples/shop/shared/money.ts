/** Money is whole cents everywhere; only what people read has a decimal point. */
export function euros(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}

/** The day in UTC, as part of cache keys and file names: `2026-03-14`. */
export function today(now: Date = new Date()): string {
  return now.toISOString().slice(0, 10);
}
