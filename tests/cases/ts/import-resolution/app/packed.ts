import { db } from "../lib/packed";

export const read = () => db.query`SELECT 1`;
