import { Publisher } from "encore.dev/pubsub";
import { Uploader } from "encore.dev/storage/objects";

export const store = (files: Uploader) => files.upload("a.txt", Buffer.from("a"));
export const send = (topic: Publisher<{ id: string }>) => topic.publish({ id: "1" });
