import { SQLDatabase } from "encore.dev/storage/sqldb";

export default new SQLDatabase("products");
export const prices = new SQLDatabase("prices");
