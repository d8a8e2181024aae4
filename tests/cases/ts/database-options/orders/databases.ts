import { SQLDatabase } from "encore.dev/storage/sqldb";

// Any text is a name.
export const mixedCase = new SQLDatabase("siteDB");
export const underscores = new SQLDatabase("encore_prisma_test", {});
export const dotted = new SQLDatabase("Orders.2026", { migrations: { path: "migrations" } });

const name = "orders";
const options = { migrations: "./migrations" };
export const unnamed = new SQLDatabase();
export const computed = new SQLDatabase(`${name}-archive`);
export const constant = new SQLDatabase(name);
export const outside = new SQLDatabase("outside", options);
export const misspelled = new SQLDatabase("misspelled", { migration: "./migrations" });
export const quoted = new SQLDatabase("quoted", { "migrations": "./migrations" });
export const upwards = new SQLDatabase("upwards", { migrations: "../migrations" });
export const absolute = new SQLDatabase("absolute", { migrations: "/srv/migrations" });
export const inside = new SQLDatabase("inside", { migrations: { path: "../migrations" } });
export const list = new SQLDatabase("list", { migrations: ["./migrations"] });
export const source = new SQLDatabase("source", { migrations: { path: "./migrations", source: "Prisma" } });
export const extra = new SQLDatabase("extra", { migrations: { path: "./migrations", table: "steps" } });
