import { Bucket } from "encore.dev/storage/objects";

new Bucket("service-file");
new Bucket("by-name");
