import { SQLDatabase } from "encore.dev/storage/sqldb";

// CORRECT: Package level
export const db = new SQLDatabase("mydb", {
  migrations: "./migrations",
});
