import { api } from "encore.dev/api";

export const rest = api.static({ path: "/rest/*path", dir: "./files" });
export const fallback = api.static({ expose: true, path: "/!path", dir: "./files" });
export const unnamed = api.static({ path: "/unnamed/!", dir: "./files" });
export const literal = api.static({ path: "/literal", dir: "files" });
export const parameter = api.static({ path: "/one/:page", dir: "./files" });
export const page = api.static({
  path: "/page/*path",
  dir: "./files",
  notFound: "./404.html",
  notFoundStatus: 410,
  headers: { "Cache-Control": "no-cache", Vary: ["Accept", "Origin"] },
});
export const handled = api.static({ path: "/handled", dir: "./files" }, async () => {});
