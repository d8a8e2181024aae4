import { api } from "encore.dev/api";

// TypeScript knows no such method; Encore's parser does not ask.
export const taken = api.something({ path: "/taken" }, async () => {});
