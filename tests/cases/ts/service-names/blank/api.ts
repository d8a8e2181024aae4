import { api } from "encore.dev/api";

export const nothing = api({}, async () => {});
