import { api } from "encore.dev/api";

interface ById {
  id: string;
  rest: string;
}
const handler = async (request: ById) => {};
const PATH = "/constant";

export const empty = api({ path: "" }, handler);
export const relative = api({ path: "orders" }, handler);
export const doubled = api({ path: "/orders//open" }, handler);
export const trailing = api({ path: "/orders/" }, handler);
export const noParameter = api({ path: "/orders/:" }, handler);
export const noWildcard = api({ path: "/orders/*" }, handler);
export const noFallback = api({ path: "/orders/!" }, handler);
export const wildcardFirst = api({ path: "/*rest/orders" }, handler);
export const fallbackFirst = api({ path: "/!rest/orders" }, handler);
export const query = api({ path: "/orders?id=1" }, handler);
export const fragment = api({ path: "/orders#top" }, handler);
export const scheme = api({ path: "https://example.com/orders" }, handler);
export const host = api({ path: "//example.com/orders" }, handler);
export const constant = api({ path: PATH }, handler);
export const inside = api({ path: "/orders/a*rest" }, handler);
export const twoInOne = api({ path: "/orders/:id:rest" }, handler);
