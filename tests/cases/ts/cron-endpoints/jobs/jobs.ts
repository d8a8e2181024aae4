import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";

const helper = async () => {};
export const work = api({}, async () => {});

new CronJob("no-endpoint", { every: "1h" });
new CronJob("no-options");
new CronJob();
new CronJob("shorthand", { endpoint: work, every: "1h", title });
new CronJob("title", { endpoint: work, every: "1h", title: `Clean up` });
new CronJob("unknown", { endpoint: work, every: "1h", timezone: "UTC" });
new CronJob("nowhere", { endpoint: nowhere, every: "1h" });
