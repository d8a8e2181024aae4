import { api } from "encore.dev/api";

export const noFolder = api.static({ path: "/no-folder/*path" });
export const missing = api.static({ path: "/missing/*path", dir: "./nowhere" });
export const file = api.static({ path: "/file/*path", dir: "./404.html" });
export const upwards = api.static({ path: "/upwards/*path", dir: "../site/files" });
export const absolute = api.static({ path: "/absolute/*path", dir: "/files" });
export const noPage = api.static({ path: "/no-page/*path", dir: "./files", notFound: "./500.html" });
export const folderPage = api.static({ path: "/a-folder/*path", dir: "./files", notFound: "./files" });
export const twoParameters = api.static({ path: "/:site/*path", dir: "./files" });
export const parameterFirst = api.static({ path: "/:site/page", dir: "./files" });
export const wildcardFirst = api.static({ path: "/*path/page", dir: "./files" });
export const constant = api.static({ path: "/constant", dir: import.meta.dirname });
