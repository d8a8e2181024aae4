import { db } from "../lib/plain";

export const read = () => db.query`SELECT 1`;
