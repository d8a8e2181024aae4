import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";

export const work = api({}, async () => {});

new CronJob("each-minute", { endpoint: work, schedule: "* * * * *" });
new CronJob("lists", { endpoint: work, schedule: "0,30 8-17 1,15 1-6 *" });
new CronJob("steps", { endpoint: work, schedule: "*/5 */2 * * *" });
new CronJob("weekdays", { endpoint: work, schedule: "0 9 * * mon-Fri" });
new CronJob("sundays", { endpoint: work, schedule: "0 9 * * 0,SAT" });
new CronJob("spaces", { endpoint: work, schedule: "  0 9   1 * *  " });
new CronJob("leap-days", { endpoint: work, schedule: "0 0 29 2 *" });
// Encore passes over empty items and zeros, and knows weekdays in every field.
new CronJob("odd", { endpoint: work, schedule: "0,, +9 0-2 * *" });
new CronJob("named-minute", { endpoint: work, schedule: "SUN * * * *" });

new CronJob("six-fields", { endpoint: work, schedule: "0 0 9 * * *" });
new CronJob("step-of-range", { endpoint: work, schedule: "0-30/5 * * * *" });
new CronJob("step-of-number", { endpoint: work, schedule: "5/10 * * * *" });
new CronJob("no-step", { endpoint: work, schedule: "*/0 * * * *" });
new CronJob("question-mark", { endpoint: work, schedule: "0 0 ? * MON" });
new CronJob("last-day", { endpoint: work, schedule: "0 0 L * *" });
new CronJob("backwards", { endpoint: work, schedule: "0 17-8 * * *" });
new CronJob("hour-24", { endpoint: work, schedule: "0 24 * * *" });
new CronJob("month-13", { endpoint: work, schedule: "0 0 1 13 *" });
new CronJob("day-zero", { endpoint: work, schedule: "0 0 0 * *" });
new CronJob("long-name", { endpoint: work, schedule: "0 0 * * MONDAY" });
new CronJob("april-31", { endpoint: work, schedule: "0 0 31 4 *" });
new CronJob("empty", { endpoint: work, schedule: "" });
new CronJob("no-text", { endpoint: work, schedule: 5 });
new CronJob("decimals", { endpoint: work, every: "1.5h" });
new CronJob("no-duration", { endpoint: work, every: "hourly" });
new CronJob("minutes", { endpoint: work, every: 5 });
