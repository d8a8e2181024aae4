import { IntKeyspace } from "encore.dev/storage/cache";
import { cluster } from "../infra/cache";

export const tokens = new IntKeyspace<string>(cluster, { keyPattern: "token/:key" });
export const logins = new IntKeyspace<string>(cluster, { keyPattern: "login/:key" });
