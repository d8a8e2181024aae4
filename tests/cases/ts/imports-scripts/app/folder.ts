import { db } from "../lib";

export const read = () => db.query`SELECT 1`;
