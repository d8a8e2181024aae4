import { SQLDatabase } from "encore.dev/storage/sqldb";
import { Publisher, Topic } from "encore.dev/pubsub";

// Declaring resources outside services is fine; using them there is not.
export const db = new SQLDatabase("shared");
export const changed = new Topic<{ id: string }>("changed", { deliveryGuarantee: "at-least-once" });
