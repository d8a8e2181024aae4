import { Bucket } from "encore.dev/storage/objects";

const files = new Bucket("files");

export const list = () => ["a.txt"];
export const names = () => files.list({});
