import { Query, api } from "encore.dev/api";

interface Page {
  size: number;
}
interface Filter {
  id: string;
  page: Page;
}
interface Hello {
  first: Page;
}
interface Deleted {
  items: Page[];
}

export const get = api({ method: "GET", path: "/get/:id" }, async (filter: Filter) => {});
export const remove = api({ method: "DELETE" }, async (deleted: Deleted) => {});
export const both = api({ method: ["POST", "HEAD"] }, async (p: { page: { size: number } }) => {});
export const any = api({ method: "*" }, async (p: { page: Record<string, string> }) => {});
export const either = api({ method: "GET" }, async (p: { page: string | Page }) => {});
export const wired = api({ method: "GET" }, async (p: { page: Query<Page, "p"> }) => {});
export const follow = api.streamOut<Hello, Page>({}, async (hello, stream) => {});

export const promised = api({}, async (page: Promise<Page>) => {});
