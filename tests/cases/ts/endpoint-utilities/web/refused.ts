import { api } from "encore.dev/api";

interface Page {
  number: number;
  size: number;
}

export const partial = api({}, async (page: Partial<Page>) => {});
export const picked = api<Pick<Page, "size">, void>({}, async (page) => {});
export const received = api.streamIn<Omit<Page, "size">>({}, async (stream) => {});
export const greeted = api.streamOut<Readonly<Page>, Page>({}, async (page, stream) => {});
export const more = api({ path: "/more/:size" }, async (page: Required<Page>) => {});
