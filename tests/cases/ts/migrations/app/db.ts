import { SQLDatabase } from "encore.dev/storage/sqldb";

export const plain = new SQLDatabase("plain", { migrations: "./plain" });
export const drizzle = new SQLDatabase("drizzle", {
  migrations: { path: "drizzle", source: "drizzle" },
});
export const drizzle1 = new SQLDatabase("drizzle1", {
  migrations: { path: "./drizzle1", source: "drizzle/v1" },
});
export const prisma = new SQLDatabase("prisma", {
  migrations: { path: "./prisma", source: "prisma" },
});
export const none = new SQLDatabase("siteDB");

export const missing = new SQLDatabase("missing", { migrations: "./nowhere" });
export const aFile = new SQLDatabase("file", { migrations: "./db.ts" });
export const upwards = new SQLDatabase("upwards", { migrations: "../app/plain" });
export const computed = new SQLDatabase("computed", { migrations: "./pl" + "ain" });
export const unknownSource = new SQLDatabase("source", {
  migrations: { path: "./plain", source: "flyway" },
});
export const noPath = new SQLDatabase("no-path", { migrations: { source: "prisma" } });
export const wrong = new SQLDatabase("wrong", { migrations: "./wrong" });
