import { db } from "../lib/exact.ts";

export const read = () => db.query`SELECT 1`;
