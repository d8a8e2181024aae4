import { SQLDatabase } from "encore.dev/storage/sqldb";

const carts = new SQLDatabase("carts");
export { carts as default };
