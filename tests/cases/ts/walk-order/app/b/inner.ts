import { Bucket } from "encore.dev/storage/objects";

// Folders and files are read together, by name: this one before c.ts.
new Bucket("by-name");
new Bucket("folder");
