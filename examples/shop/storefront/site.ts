// The page itself. Static endpoints are served by Encore's core, without running any TypeScript.

import { api } from "encore.dev/api";

/** Style and script: their names change with their content, so browsers may keep them for a day. */
export const assets = api.static({
  expose: true,
  path: "/assets/*path",
  dir: "./assets",
  headers: { "Cache-Control": "public, max-age=86400" },
});

/** `!` is a fallback: it takes every path that no other endpoint of the app wants. */
export const site = api.static({
  expose: true,
  path: "/!path",
  dir: "./public",
  notFound: "./public/not-found.html",
  notFoundStatus: 404,
});
