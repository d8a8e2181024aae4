import { Subscription } from "encore.dev/pubsub";
import { placed } from "../../topics";

new Subscription(placed, "in-the-alarm", { handler: async () => {} });
