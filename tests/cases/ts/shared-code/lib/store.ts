import { Publisher } from "encore.dev/pubsub";
import { db } from "../infra/resources";
import { audit } from "./audit";

export const save = (id: string) => audit(() => db.exec`INSERT INTO things VALUES (${id})`);
export const announce = (ref: Publisher<{ id: string }>, id: string) => ref.publish({ id });
