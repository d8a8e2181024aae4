import { SQLDatabase } from "encore.dev/storage/sqldb";

const FOLDER = "./migrations";

export const dotted = new SQLDatabase("dotted", { migrations: "./migrations" });
export const plain = new SQLDatabase("plain", { migrations: "migrations" });
export const deeper = new SQLDatabase("deeper", { migrations: "./sub/./folder" });
export const slash = new SQLDatabase("trailing-slash", { migrations: "./migrations/" });

export const upwards = new SQLDatabase("upwards", { migrations: "../shop/migrations" });
export const around = new SQLDatabase("around", { migrations: "./sub/../migrations" });
export const absolute = new SQLDatabase("absolute", { migrations: "/migrations" });
export const template = new SQLDatabase("template", { migrations: `./migrations` });
export const constant = new SQLDatabase("constant", { migrations: FOLDER });
