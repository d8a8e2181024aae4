import { SQLDatabase } from "encore.dev/storage/sqldb";

export const plain = new SQLDatabase("plain", { migrations: "./plain" });
export const onlyDown = new SQLDatabase("only-down", { migrations: "./down" });
export const drizzle = new SQLDatabase("drizzle", {
  migrations: { path: "./drizzle", source: "drizzle" },
});
export const prisma = new SQLDatabase("prisma", {
  migrations: { path: "./prisma", source: "prisma" },
});
export const drizzleV1 = new SQLDatabase("drizzle-v1", {
  migrations: { path: "./drizzle-v1", source: "drizzle/v1" },
});
