import { Gateway, api } from "encore.dev/api";

export const gateway = new Gateway({});
export const orders = api({ expose: true, auth: true }, async () => {});
