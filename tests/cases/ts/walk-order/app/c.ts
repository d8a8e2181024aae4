import { Bucket } from "encore.dev/storage/objects";

new Bucket("folder");
