import { Subscription } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import * as topics from "../shared/topics";
import byDefault, { changed as renamed } from "../shared/topics";

const handler = async () => {};
const bucket = new Bucket("Not_Kebab");

// Two subscriptions on one imported topic are fine, as is a bare statement.
new Subscription(renamed, "one", { handler: handler });
const _ = new Subscription(renamed, "two", { handler: handler });

export const twice = new Subscription(renamed, "one", { handler: handler });
export const throughNamespace = new Subscription(topics.changed, "three", { handler: handler });
export const ofDefault = new Subscription(byDefault, "four", { handler: handler });
export const ofBucket = new Subscription(bucket, "five", { handler: handler });
export const ofNothing = new Subscription(missing, "six", { handler: handler });
export const withoutTopic = new Subscription();
