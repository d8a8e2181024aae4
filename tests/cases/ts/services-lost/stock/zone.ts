import { api } from "encore.dev/api";

export const move = api({}, async () => {});
