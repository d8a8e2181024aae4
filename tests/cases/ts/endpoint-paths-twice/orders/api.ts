import { api } from "encore.dev/api";

interface ById {
  id: string;
}
export const list = api({ method: "GET", path: "/orders" }, async () => {});
export const create = api({ method: "POST", path: "/orders" }, async () => {});
export const read = api({ method: "GET", path: "/orders/:id" }, async (request: ById) => {});
export const recent = api({ method: "GET", path: "/orders/recent" }, async () => {});
export const every = api({ method: ["PUT", "GET"], path: "/orders" }, async () => {});
export const find = api({ method: "GET", path: "/orders/:key" }, async (request: { key: string }) => {});
export const rest = api.raw({ method: "GET", path: "/orders/*rest" }, async () => {});
export const any = api.raw({ method: "*", path: "/orders" }, async () => {});
