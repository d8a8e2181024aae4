import { SQLDatabase } from "encore.dev/storage/sqldb";

export default new SQLDatabase("customers");
export const addresses = new SQLDatabase("addresses");
