export * from "./db";
export { db as database } from "./db";
export * as everything from "./only";
