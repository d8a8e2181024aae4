import { db } from "@/lib/one";

export const read = () => db.query`SELECT 1`;
