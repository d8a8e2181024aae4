import { Bucket } from "encore.dev/storage/objects";

export const files = new Bucket("in-a-hidden-app");
