import { db } from "./compiled.js";

export const read = () => db.query`SELECT 1`;
