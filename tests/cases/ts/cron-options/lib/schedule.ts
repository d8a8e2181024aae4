import { CronJob } from "encore.dev/cron";
import { clean as cleanUp } from "../jobs/endpoints";
import { monthly } from "../jobs/index";

// A cron job needs no service: it belongs to that of its endpoint. Any text is an id.
new CronJob("Clean up!", { endpoint: cleanUp, every: "1h" });
export const monthlyReport = new CronJob("report", {
  endpoint: monthly,
  title: "Report of the month",
  schedule: "0 6 1 * *",
});
new CronJob("half-minutes-dropped", { endpoint: cleanUp, every: "60s 500ms" });
new CronJob("day", { endpoint: cleanUp, every: "1d" });
new CronJob("seven-hours", { endpoint: cleanUp, every: "7h" });
new CronJob("always", { endpoint: cleanUp, every: "0s" });
