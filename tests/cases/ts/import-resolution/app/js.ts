import { db } from "../lib/js.js";

export const read = () => db.query`SELECT 1`;
