import { api } from "encore.dev/api";

export const first = api({}, async () => {});
