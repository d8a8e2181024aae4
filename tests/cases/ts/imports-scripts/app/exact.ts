import { db } from "./compiled.ts";

export const read = () => db.query`SELECT 1`;
