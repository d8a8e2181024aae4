import { db } from "lib/three";

export const read = () => db.query`SELECT 1`;
