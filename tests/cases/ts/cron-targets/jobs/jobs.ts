import { api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";

const helper = async () => {};
export const work = api({}, async () => {});
const copy = work;

new CronJob("function", { endpoint: helper, every: "1h" });
new CronJob("text", { endpoint: "work", every: "1h" });
new CronJob("copy", { endpoint: copy, every: "1h" });
