import { SQLDatabase } from "encore.dev/storage/sqldb";

// WRONG: Inside function
async function setup() {
  const db = new SQLDatabase("mydb", { migrations: "./migrations" });
}
