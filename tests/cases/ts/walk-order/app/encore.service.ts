import { Service } from "encore.dev/service";
import { Bucket } from "encore.dev/storage/objects";

export default new Service("app");

// Read before every other file of this folder.
new Bucket("service-file");
