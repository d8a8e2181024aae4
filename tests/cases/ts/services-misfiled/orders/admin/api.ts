import { api } from "encore.dev/api";

export const close = api({}, async () => {});
