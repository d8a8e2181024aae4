import { Bucket, type ReadWriter } from "encore.dev/storage/objects";

const uploads = Bucket.named("user-uploads");

// Everything but the public address.
export const everything = uploads.ref<ReadWriter>();
