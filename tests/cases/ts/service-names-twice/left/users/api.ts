import { api } from "encore.dev/api";

export const one = api({}, async () => {});
