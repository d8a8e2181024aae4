import { Bucket } from "encore.dev/storage/objects";

// Read once: the links beside this file lead to nothing more.
export const files = new Bucket("declared-once");
