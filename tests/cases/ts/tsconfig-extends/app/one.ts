import { db } from "@/one";

export const read = () => db.query`SELECT 1`;
