import { db } from "./db.test";

export const read = () => db.query`SELECT 1`;
