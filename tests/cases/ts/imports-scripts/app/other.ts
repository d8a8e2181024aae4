import { db } from "./alone";

export const read = () => db.query`SELECT 1`;
