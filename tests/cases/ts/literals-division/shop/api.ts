import { api } from "encore.dev/api";

// Encore's own parser falls over this.
export const upload = api({ bodyLimit: 1024 / 0 }, async () => {});
export const modulo = api({ bodyLimit: 1024 % 0 }, async () => {});
