import { db } from "./compiled";

export const read = () => db.query`SELECT 1`;
