import { api } from "encore.dev/api";

export const check = api({}, async () => {});
