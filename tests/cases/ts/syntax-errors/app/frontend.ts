import { db } from "./broken";

const a = = 1;
db.unknown;
