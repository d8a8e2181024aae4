import { db } from "..";

export const read = () => db.query`SELECT 1`;
