import first from "../data/db";
import only from "../data/only";

export const use = () => [first.query`SELECT 1`, only.exec`DELETE FROM x`];
