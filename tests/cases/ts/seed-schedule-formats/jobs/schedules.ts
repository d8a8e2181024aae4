import { CronJob } from "encore.dev/cron";
import { refresh, report as weekly } from "./endpoints";

new CronJob("hourly", { every: "1h", endpoint: refresh });

const _ = new CronJob("half-hourly", { title: "Refresh often", every: "30m", endpoint: refresh });

// 9am every Monday
export const monday = new CronJob("monday-report", {
  title: "Report of the week",
  schedule: "0 9 * * 1",
  endpoint: weekly,
});
