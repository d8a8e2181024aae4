import { SQLDatabase } from "encore.dev/storage/sqldb";

export const noNumber = new SQLDatabase("no-number", { migrations: "./no-number" });
export const noDirection = new SQLDatabase("no-direction", { migrations: "./no-direction" });
export const dotted = new SQLDatabase("dotted", { migrations: "./dotted" });
export const drizzle = new SQLDatabase("drizzle", {
  migrations: { path: "./drizzle", source: "drizzle" },
});
export const prisma = new SQLDatabase("prisma", {
  migrations: { path: "./prisma", source: "prisma" },
});
export const drizzleV1 = new SQLDatabase("drizzle-v1", {
  migrations: { path: "./drizzle-v1", source: "drizzle/v1" },
});
