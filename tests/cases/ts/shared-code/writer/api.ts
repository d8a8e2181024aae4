import { Publisher } from "encore.dev/pubsub";
import { changed } from "../infra/resources";
import { announce, save } from "../lib/store";

const reference = changed.ref<Publisher>();
export const write = async () => {
  await save("1");
  await announce(reference, "1");
};
