import { api } from "encore.dev/api";

// Another service may answer the same.
export const list = api({ method: "GET", path: "/orders" }, async () => {});
