import { SQLDatabase } from "encore.dev/storage/sqldb";

// The folder's files run in the order of their numbers, each once, before the app starts.
export const db = new SQLDatabase("catalog", {
  migrations: "./migrations",
});
