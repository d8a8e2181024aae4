import { Publisher } from "encore.dev/pubsub";
import { placed } from "../orders/topics";

interface Sender {
  publish(): void;
}

export const references = [
  placed.ref(),
  placed.ref<Sender>(),
  placed.ref<Publisher | Sender>(),
  placed.ref<unknown>(),
  placed.ref<Publsher>(),
];
