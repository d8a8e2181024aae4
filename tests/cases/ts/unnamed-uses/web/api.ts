import { Bucket } from "encore.dev/storage/objects";

new Bucket("pictures");

// No variable names these, so Encore does not look at what is done with them.
export const show = () => Bucket.named("pictures").publicUrl("logo.png");
export const typo = () => (Bucket.named("pictures") as any).uplod("logo.png");
export const hand = () => Bucket.named("pictures").ref();
export const list = () => Bucket.named("pictures").list({});
