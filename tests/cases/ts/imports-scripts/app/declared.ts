import { db } from "./typed";

export const read = () => db.query`SELECT 1`;
