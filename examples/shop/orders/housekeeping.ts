import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import log from "encore.dev/log";
import { db } from "./db";

/** Cancels orders that nobody paid for within two days. Private: only the job below calls it. */
export const cancelUnpaid = api({ expose: false }, async (): Promise<void> => {
  const cancelled = await db.queryAll<{ id: string }>`
    UPDATE orders SET status = 'cancelled'
    WHERE status = 'placed' AND placed_at < now() - interval '2 days'
    RETURNING id
  `;
  log.info("cancelled unpaid orders", { count: cancelled.length });
});

// `every` is an interval that divides the day; for a fixed time there is `schedule`, see reports/.
const _ = new CronJob("cancel-unpaid", {
  title: "Cancel orders that were not paid",
  every: "30m",
  endpoint: cancelUnpaid,
});
