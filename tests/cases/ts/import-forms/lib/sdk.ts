export { Bucket } from "encore.dev/storage/objects";
export * from "encore.dev/metrics";
