import { Subscription } from "encore.dev/pubsub";
import { placed } from "../lib/resources";

new Subscription(placed, "mail", { handler: async () => {} });
