import { db } from "./c";

export const read = () => db.query`SELECT 1`;
