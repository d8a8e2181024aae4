import { Publisher } from "encore.dev/pubsub";
import { orderCreated } from "./events";

// As documentation writes it. The permission follows from the name of the type alone.
// @ts-expect-error the type wants the type of the messages
export const shortRef = orderCreated.ref<Publisher>();
