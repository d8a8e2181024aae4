import { SQLDatabase } from "encore.dev/storage/sqldb";

export const orders = new SQLDatabase("orders");
