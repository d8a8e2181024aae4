import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import { jobs as client } from "~encore/clients";

export const work = api({}, async () => {});
const notAnEndpoint = async () => {};

new CronJob("both", { endpoint: work, every: "1h", schedule: "* * * * *" });
new CronJob("neither", { endpoint: work });
new CronJob("seconds", { endpoint: work, every: "90s" });
new CronJob("days", { endpoint: work, every: "2d" });
new CronJob("seven", { endpoint: work, every: "7h" });
new CronJob("four-fields", { endpoint: work, schedule: "* * * *" });
new CronJob("seven-is-no-day", { endpoint: work, schedule: "0 0 * * 7" });
new CronJob("month-name", { endpoint: work, schedule: "0 0 1 JAN *" });
new CronJob("range-step", { endpoint: work, schedule: "0-30/5 * * * *" });
new CronJob("alias", { endpoint: work, schedule: "@daily" });
new CronJob("step-too-long", { endpoint: work, schedule: "*/60 * * * *" });
new CronJob("seldom", { endpoint: work, schedule: "0 0 1 1 SUN" });
new CronJob("never", { endpoint: work, schedule: "0 0 30 2 *" });
new CronJob("function", { endpoint: notAnEndpoint, every: "1h" });
new CronJob("client", { endpoint: client.work, every: "1h" });
new CronJob("inline", { endpoint: async () => {}, every: "1h" });
new CronJob("twice", { endpoint: work, every: "12h" });
new CronJob("twice", { endpoint: work, schedule: "*/5 8-17 * * MON-FRI,sun" });
