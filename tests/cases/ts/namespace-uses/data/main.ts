import { SQLDatabase } from "encore.dev/storage/sqldb";

export const main = new SQLDatabase("main");
export const helper = (text: string) => text.trim();
