import { api } from "encore.dev/api";

export const open = api({}, async () => {});
