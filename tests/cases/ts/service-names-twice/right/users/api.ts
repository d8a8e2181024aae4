import { api } from "encore.dev/api";

export const two = api({}, async () => {});
