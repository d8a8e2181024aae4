import { api } from "encore.dev/api";

export const list = api({}, async () => {});
export const stream = api.streamOut<{ id: string }>({}, async () => {});
