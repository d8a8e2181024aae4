// Code outside every service folder belongs to no service. It may not touch a topic or bucket by
// itself, because nobody could tell which service needs the permission. So it takes a *reference*:
// the calling service makes one with `.ref<…>()`, and that line is where the permission is counted.

import log from "encore.dev/log";
import type { Publisher } from "encore.dev/pubsub";

/** Publishes one message and leaves a line in the log that tells which. */
export async function announce<Message extends object>(
  topic: Publisher<Message>,
  what: string,
  message: Message,
): Promise<void> {
  const id = await topic.publish(message);
  log.info("announced", { what, id });
}
