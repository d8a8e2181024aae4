import { SQLDatabase } from "encore.dev/storage/sqldb";

export const customers = new SQLDatabase("customers");
export const addresses = new SQLDatabase("addresses");
