import { SQLDatabase } from "encore.dev/storage/sqldb";

const NAME = "from-a-constant";
enum Names {
  Orders = "from-an-enum",
}
const names = ["from-an-array"] as const;

export const constant = new SQLDatabase(NAME);
export const member = new SQLDatabase(Names.Orders);
export const template = new SQLDatabase(`plain-template`);
export const filled = new SQLDatabase(`template-${NAME}`);
export const joined = new SQLDatabase("con" + "catenated");
export const asConst = new SQLDatabase("as-const" as const);
export const satisfied = new SQLDatabase("satisfied" satisfies string);
export const nonNull = new SQLDatabase("non-null"!);
export const wrapped = new SQLDatabase(("parentheses"));
export const chosen = new SQLDatabase(NAME ? "one" : "other");
export const spread = new SQLDatabase(...names);
export const number = new SQLDatabase(5);
export const nothing = new SQLDatabase(undefined);
