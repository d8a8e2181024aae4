import { api } from "encore.dev/api";

export const add = api({}, async () => {});
