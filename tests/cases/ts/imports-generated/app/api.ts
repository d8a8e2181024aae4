import { api } from "encore.dev/api";
import { app } from "~encore/clients";
import { getAuthData } from "~encore/auth";
import { app as byPath } from "../encore.gen/clients";

export const ping = api({}, async () => {});
export const twice = async () => {
  if (getAuthData()) await app.ping();
  await byPath.ping();
  return ping;
};
