import { db } from "../.shared/db";

export const read = () => db.query`SELECT 1`;
