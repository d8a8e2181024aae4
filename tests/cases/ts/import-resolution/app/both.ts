import { db } from "../lib/both";

export const read = () => db.query`SELECT 1`;
