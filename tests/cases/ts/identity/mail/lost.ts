import { Subscription } from "encore.dev/pubsub";
import { CronJob } from "encore.dev/cron";
import { events } from "~encore/clients";
import returned, { Archive, topics } from "../events/topics";
import * as everything from "../events/topics";
import imported = require("../events/topics");

const handler = async () => {};

new Subscription(returned, "default-export", { handler: handler });
new Subscription(everything.placed, "namespace-import", { handler: handler });
new Subscription(Archive.moved, "typescript-namespace", { handler: handler });
new Subscription(topics.lost, "member-of-an-object", { handler: handler });
new Subscription(imported.placed, "import-require", { handler: handler });
new CronJob("client", { every: "1h", endpoint: events.ping });
