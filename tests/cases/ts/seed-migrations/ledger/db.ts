import { SQLDatabase } from "encore.dev/storage/sqldb";

export const ledger = new SQLDatabase("ledger", { migrations: "./migrations" });
