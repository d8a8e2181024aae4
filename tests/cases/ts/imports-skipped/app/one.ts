import { db } from "./__tests__/fixture";

export const read = () => db.query`SELECT 1`;
