import { db } from "../infra/resources";

export const archive = () => db.exec`DELETE FROM orders`;
export const count = () => db.queryRow`SELECT count(*) FROM orders`;
