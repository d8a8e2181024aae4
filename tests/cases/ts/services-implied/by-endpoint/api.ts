import { api } from "encore.dev/api";

export const nightly = api({}, async () => {});
