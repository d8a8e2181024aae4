import { db } from "../lib/folder";

export const read = () => db.query`SELECT 1`;
