import { db } from "./broken";

export const rows = () => db.query`SELECT 1`;
