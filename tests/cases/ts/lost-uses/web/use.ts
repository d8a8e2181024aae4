import { database, db } from "../data";
import { dataEvents } from "../data/db";
import only from "../data/only";
import * as data from "../data/db";
import * as store from "../data/only";

export const a = () => database.query`SELECT 1`;
export const b = () => db.exec`DELETE FROM x`;
export const c = () => dataEvents.publish({ id: "1" });
export const d = () => only.list({});
export const e = () => data.now();
export const f = () => data.dataEvents.publish({ id: "1" });
export const g = () => store.helper();
