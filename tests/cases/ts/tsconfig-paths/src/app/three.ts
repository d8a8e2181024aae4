import { db } from "http://db/three/v1";

export const read = () => db.query`SELECT 1`;
