import { SQLDatabase } from "encore.dev/storage/sqldb";
import { Topic } from "encore.dev/pubsub";

const events = new Topic<{ id: string }>("events", { deliveryGuarantee: "at-least-once" });
export const db = new SQLDatabase("data");
export { events as dataEvents };
export const now = () => db.query`SELECT now()`;
