import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

const { query } = new SQLDatabase("object-pattern");
const [first] = [new Bucket("array-pattern")];
const bare = new Bucket;
const nameless = new Bucket();
