import { SQLDatabase } from "encore.dev/storage/sqldb";

export const orders = new SQLDatabase("orders");
export const customers = new SQLDatabase("customers");
export const products = new SQLDatabase("products");
export const prices = new SQLDatabase("prices");
export const stock = new SQLDatabase("stock");
export const taxes = new SQLDatabase("taxes");
const invoices = new SQLDatabase("invoices");
const payments = new SQLDatabase("payments");
export { invoices, payments as money };
export const carts = new SQLDatabase("carts");
export const returns = new SQLDatabase("returns");
export const ratings = new SQLDatabase("ratings");
