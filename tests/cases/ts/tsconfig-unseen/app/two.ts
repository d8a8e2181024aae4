import { db } from "@/two.js";

export const read = () => db.query`SELECT 1`;
