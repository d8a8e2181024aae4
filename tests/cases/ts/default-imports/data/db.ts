import { SQLDatabase } from "encore.dev/storage/sqldb";

const db = new SQLDatabase("first");
export default db;
export const second = new SQLDatabase("second");
