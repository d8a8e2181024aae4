import { api } from "encore.dev/api";

export const send = api({}, async () => {});
