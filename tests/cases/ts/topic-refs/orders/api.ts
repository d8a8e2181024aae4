import { Publisher, Topic } from "encore.dev/pubsub";
import { Uploader } from "encore.dev/storage/objects";
import { Message, closed, paid, placed, returned, shipped } from "./topics";

type Sender = Publisher<Message>;
class Mail {
  publish() {}
}

export const references = [
  placed.ref<Publisher<Message>>(),
  paid.ref<Sender>(),
  shipped.ref<Topic<Message>>(),
  returned.ref<Mail>(),
  closed.ref<Uploader>(),
];
