import { Bucket } from "encore.dev/storage/objects";

export const avatars = new Bucket("avatars");
export const invoices = new Bucket("invoices");
export const exports = new Bucket("exports");
export const uploads = new Bucket("uploads");
export const reports = new Bucket("reports");
export const trash = new Bucket("trash");
export const inbox = new Bucket("inbox");
export const outbox = new Bucket("outbox");
export const photos = new Bucket("photos", { public: true });
export const drafts = new Bucket("drafts");
