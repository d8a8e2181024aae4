import { Gateway, api } from "encore.dev/api";
import { auth } from "../users/auth";

export const gateway = new Gateway({ authHandler: auth });
export const orders = api({ expose: true, auth: true }, async () => {});
