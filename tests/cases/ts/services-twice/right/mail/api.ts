import { api } from "encore.dev/api";

export const receive = api({}, async () => {});
