import { api } from "encore.dev/api";
import { Publisher } from "encore.dev/pubsub";
import { Uploader } from "encore.dev/storage/objects";
import { files, placed } from "../infra/resources";
import { send, store } from "../lib/passed";
import { archive } from "../lib/archive";

export const list = api({}, async () => {
  await store(files.ref<Uploader>());
  await send(placed.ref<Publisher>());
  await archive();
});
