import { db } from "exact";

export const read = () => db.query`SELECT 1`;
