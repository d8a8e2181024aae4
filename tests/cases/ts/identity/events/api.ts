import { api } from "encore.dev/api";

export const ping = api({}, async () => {});
