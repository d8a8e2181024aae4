import { SQLDatabase } from "encore.dev/storage/sqldb";

const products = new SQLDatabase("products");

export const names = () => products.query`SELECT name FROM products`;
