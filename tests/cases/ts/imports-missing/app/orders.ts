import { db } from "./databse";

export const read = () => db.query`SELECT 1`;
