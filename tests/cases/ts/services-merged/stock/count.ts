import { api } from "encore.dev/api";

export const count = api({}, async () => {});
