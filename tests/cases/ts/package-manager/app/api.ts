import { api } from "encore.dev/api";
import { Bucket } from "encore.dev/storage/objects";

// Neither the package manager nor missing dependencies change what is read.
export const files = new Bucket("files");
export const ping = api({}, async () => {});
