import { api } from "encore.dev/api";

export const second = api({}, async () => {});
