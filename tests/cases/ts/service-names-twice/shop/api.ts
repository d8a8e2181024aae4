import { api } from "encore.dev/api";

export const list = api({}, async () => {});
