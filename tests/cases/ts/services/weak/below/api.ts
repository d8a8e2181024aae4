import { api } from "encore.dev/api";

export const below = api({}, async () => {});
