import { db } from "@/lib/deep/two";

export const read = () => db.query`SELECT 1`;
