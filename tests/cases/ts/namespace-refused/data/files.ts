import { Bucket } from "encore.dev/storage/objects";

const files = new Bucket("files");

export const save = (text: string) => files.upload("a.txt", Buffer.from(text));
