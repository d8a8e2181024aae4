import { db } from "./databse";

export const read = () => db.query`SELECT 1`;

import { front } from "~front/lib";

front();
