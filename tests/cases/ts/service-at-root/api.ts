import { api } from "encore.dev/api";

export const above = api({}, async () => {});
