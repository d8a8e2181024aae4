import { db } from "../infra/resources";

export const archive = () => db.exec`DELETE FROM orders`;
