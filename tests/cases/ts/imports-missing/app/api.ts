import { gone } from "./gone";
import "../lib/gone";
import { client } from "~encore/client";
import { alias } from "@/lib/alias";
import { types } from "./declared";
import type { Missing } from "./types-only";
export { again } from "./gone-again";
export * from "../gone-too";

// What is never looked at: dynamic imports, `require` and `import =`.
const lazy = () => import("./lazy");
const old = require("./old");
import older = require("./older");

export const all = [gone, client, alias, types, lazy, old, older] as Missing[];
