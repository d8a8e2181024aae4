export { db as shared } from "./db";
