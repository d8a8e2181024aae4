import { api } from "encore.dev/api";
import { use } from "../lib/use";

export const list = api({}, async () => {
  await use();
});
