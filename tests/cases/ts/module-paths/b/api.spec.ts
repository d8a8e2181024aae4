import { Bucket } from "encore.dev/storage/objects";

export const ignored = new Bucket("ignored");
