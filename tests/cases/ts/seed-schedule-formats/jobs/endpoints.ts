import { api } from "encore.dev/api";

export const refresh = api({ expose: false }, async (): Promise<void> => {});

export const report = api({ expose: false }, async (): Promise<void> => {});
