import { Bucket } from "encore.dev/storage/objects";

export const plain = new Bucket("uploads");
export const empty = new Bucket("a", {});
export const open = new Bucket("public-assets-2026", { public: true });
export const history = new Bucket("contracts", { versioned: true, public: false });
export const longest = new Bucket("a123456789-123456789-123456789-123456789-123456789-123456789-12");

const options = { public: true };
const yes = true;
export const tooLong = new Bucket("a123456789-123456789-123456789-123456789-123456789-123456789-123");
export const upperCase = new Bucket("Uploads");
export const underscore = new Bucket("user_uploads");
export const digitFirst = new Bucket("1uploads");
export const dashLast = new Bucket("uploads-");
export const empty2 = new Bucket("");
export const outside = new Bucket("outside", options);
export const spread = new Bucket("spread", { ...options });
export const constant = new Bucket("constant", { public: yes });
export const text = new Bucket("text", { versioned: "true" });
export const misspelled = new Bucket("misspelled", { publik: true });
