import { db } from "../lib/dotted.v2";

export const read = () => db.query`SELECT 1`;
