import { api } from "encore.dev/api";

export const orders = api({ expose: true, auth: true }, async () => {});
export const health = api({ expose: true }, async () => {});
