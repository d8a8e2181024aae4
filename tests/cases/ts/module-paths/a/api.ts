import "./setup.js";
import type { Nothing } from "./nowhere-but-a-type";
import page from "./page.html";
import { db } from "@core/db/index";
import { db as same } from "@core/db";
import { files } from "only";
import { other } from "./resources.js";
import { missing } from "./missing";
import { alsoMissing } from "@core/gone";
import { b } from "@/encore.gen/clients";
import { b as viaPath } from "../encore.gen/clients";

export const use = async (n: Nothing) => {
  await db.query`SELECT 1`;
  await same.exec`SELECT 1`;
  await files.list({});
  await viaPath.ping();
  return [page, missing, alsoMissing, other, n, b];
};
