import { api } from "encore.dev/api";
import { db } from "../../../lib/resources";

export const rows = api({}, async () => {
  await db.queryRow`SELECT 1`;
});
