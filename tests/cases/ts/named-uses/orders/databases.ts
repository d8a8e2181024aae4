import { SQLDatabase } from "encore.dev/storage/sqldb";

export const orders = new SQLDatabase("orders");
export const customers = new SQLDatabase("customers");
export const products = new SQLDatabase("products");
