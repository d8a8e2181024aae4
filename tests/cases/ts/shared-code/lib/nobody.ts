import { db } from "../infra/resources";

export const read = () => db.query`SELECT 1`;
