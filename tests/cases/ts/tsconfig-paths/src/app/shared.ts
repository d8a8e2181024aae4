import { db } from "@/shared";

export const read = () => db.query`SELECT 1`;
