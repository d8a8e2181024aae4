import { api } from "encore.dev/api";

interface Page {
  number: number;
  size: number;
}
type Named = Partial<Page>;
interface Extended extends Pick<Page, "size"> {
  text: string;
}

export const named = api({}, async (page: Named) => {});
export const extended = api({}, async (page: Extended) => {});
export const joined = api({}, async (page: Omit<Page, "size"> & { text: string }) => {});
export const field = api({}, async (request: { page: Partial<Page> }) => {});
export const result = api({}, async (): Promise<Partial<Page>> => ({}));
export const sent = api.streamOut<Partial<Page>>({}, async (stream) => {});
export const inPath = api({ path: "/pages/:size" }, async (page: Pick<Page, "size">) => {});
export const allInPath = api({ path: "/:number/:size" }, async (page: Required<Page>) => {});
