import { api } from "encore.dev/api";
import { ById } from "./types";

type Text = string;
interface Other {
  name: string;
  idx: string;
}
const handler = async (request: ById) => {};

export const nothing = api({ path: "/nothing/:id" }, async () => {});
export const named = api({ path: "/named/:id" }, handler);
export const missing = api({ path: "/missing/:customer" }, async (request: Other) => {});
export const misspelled = api({ path: "/misspelled/:id" }, async (request: Other) => {});
export const twice = api({ path: "/twice/:id/:id" }, async (request: ById) => {});
export const list = api({ path: "/list/:id" }, async (request: { id: string[] }) => {});
export const object = api({ path: "/object/:id" }, async (request: { id: { a: string } }) => {});
export const date = api({ path: "/date/:id" }, async (request: { id: Date }) => {});
export const union = api({ path: "/union/:id" }, async (request: { id: "a" | "b" }) => {});
export const either = api({ path: "/either/:id" }, async (request: { id: string | number }) => {});
export const alias = api({ path: "/alias/:id" }, async (request: { id: Text }) => {});
export const anything = api({ path: "/anything/:id" }, async (request: { id: any }) => {});
