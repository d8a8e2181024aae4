import { api } from "encore.dev/api";

const handler = async () => {};

export const none = api({ path: "/none" }, handler);
export const get = api({ path: "/get", method: "GET" }, handler);
export const post = api({ path: "/post", method: "POST" }, handler);
export const put = api({ path: "/put", method: "PUT" }, handler);
export const patch = api({ path: "/patch", method: "PATCH" }, handler);
export const remove = api({ path: "/delete", method: "DELETE" }, handler);
export const head = api({ path: "/head", method: "HEAD" }, handler);
export const options = api({ path: "/options", method: "OPTIONS" }, handler);
export const trace = api({ path: "/trace", method: "TRACE" }, handler);
export const connect = api({ path: "/connect", method: "CONNECT" }, handler);
export const any = api({ path: "/any", method: "*" }, handler);

export const list = api({ path: "/list", method: ["PUT", "GET", "PUT"] }, handler);
export const one = api({ path: "/one", method: ["DELETE"] }, handler);
export const anyList = api({ path: "/any-list", method: ["*"] }, handler);

const METHOD = "DELETE";
export const constantItem = api({ path: "/constant", method: ["GET", METHOD] }, handler);
