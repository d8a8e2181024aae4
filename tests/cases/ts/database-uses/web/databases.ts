import { SQLDatabase } from "encore.dev/storage/sqldb";

export const orders = new SQLDatabase("orders");
export const customers = new SQLDatabase("customers");
export const products = new SQLDatabase("products");
export const prices = new SQLDatabase("prices");
export const stock = new SQLDatabase("stock");
export const carts = new SQLDatabase("carts");
export const returns = new SQLDatabase("returns");
export const ratings = new SQLDatabase("ratings");
export const audits = new SQLDatabase("audits");
export const unused = new SQLDatabase("unused");
