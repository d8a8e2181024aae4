import { StringKeyspace } from "encore.dev/storage/cache";
import { logins as copied } from "../login/cache";

const held = { cluster: copied };
new StringKeyspace<string>(held.cluster, { keyPattern: "file/:key" });
