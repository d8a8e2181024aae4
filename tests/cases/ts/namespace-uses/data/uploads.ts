import { Bucket } from "encore.dev/storage/objects";

const uploads = new Bucket("uploads");
export default (name: string) => uploads.exists(name);
