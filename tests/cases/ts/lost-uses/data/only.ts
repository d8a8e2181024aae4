import { Bucket } from "encore.dev/storage/objects";

export default new Bucket("only");
export const helper = () => 1;
