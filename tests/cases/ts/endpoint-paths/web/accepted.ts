import { api } from "encore.dev/api";

interface ById {
  id: string;
}
const handler = async () => {};

export const unnamed = api({}, handler);
export const root = api({ path: "/" }, handler);
export const literal = api({ path: "/orders/open" }, handler);
export const parameter = api({ path: "/orders/:id" }, async (request: ById) => {});
export const middle = api({ path: "/orders/:id/lines" }, async (request: ById) => {});
export const wildcard = api({ path: "/files/*id" }, async (request: ById) => {});
export const fallback = api({ path: "/!id" }, async (request: ById) => {});
export const rawParameter = api.raw({ path: "/raw/:anything/*rest" }, async () => {});
export const rawFallback = api.raw({ path: "/raw/!" }, async () => {});
export const odd = api({ path: "/a.b/c-d/~e/%20/ü" }, handler);
export const afterPrefix = api({ path: "/v:id" }, handler);
