import { api } from "encore.dev/api";

// Encore's own parser falls over this.
export const none = api({ method: [] }, async () => {});
