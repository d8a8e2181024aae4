import { Gateway, Header, api } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface ById {
  id: string;
  tags: string[];
}

export default api({}, async () => {});
api({ expose: true }, async () => {});
export const noConfig = api();
export const noHandler = api({ expose: true });
export const generic = api({}, async <T>(p: { v: T }): Promise<void> => {});

export const lower = api({ method: "get" }, async () => {});
export const mixed = api({ method: ["*", "GET"] }, async () => {});
export const unknownMethod = api({ method: ["GET", "FETCH"] }, async () => {});

export const empty = api({ path: "" }, async () => {});
export const relative = api({ path: "things" }, async () => {});
export const doubled = api({ path: "/a//b" }, async () => {});
export const trailing = api({ path: "/a/" }, async () => {});
export const nameless = api({ path: "/a/:" }, async () => {});
export const early = api({ path: "/*rest/b" }, async (p: { rest: string }) => {});
export const query = api({ path: "/a?b=c" }, async () => {});
export const fragment = api({ path: "/a#b" }, async () => {});
export const host = api({ path: "https://example.com/a" }, async () => {});

export const textOut = api({}, async (): Promise<string> => "no object");
export const listIn = api({}, async (p: string[]): Promise<void> => {});
export const noRequest = api({ path: "/items/:id" }, async () => {});
export const wrongField = api({ path: "/item/:idd" }, async (p: ById): Promise<void> => {});
export const listField = api({ path: "/tags/:tags" }, async ({ tags }: ById): Promise<void> => {});
export const byArgument = api<ById, void>({ path: "/fine/:id" }, async (p) => {});
export const rawPath = api.raw({ path: "/raw/:anything", method: "*" }, async () => {});

export const streamIn = api.streamIn({ path: "/in" }, async (stream) => {});
export const streamOut = api.streamOut<{ n: number }, { n: number }>({}, async (stream) => {});
export const handshake = api.streamInOut<ById, { n: number }, { n: number }>(
  { path: "/talk/:id" },
  async (hello, stream) => {},
);
export const noHandshake = api.streamOut<{ n: number }>({ path: "/out/:id" }, async (stream) => {});

export const noDir = api.static({ path: "/static/*path" });
export const missingDir = api.static({ path: "/missing/*path", dir: "./nowhere" });
export const outside = api.static({ path: "/outside/*path", dir: "../web/files" });
export const notFound = api.static({ path: "/pages/*path", dir: "./files", notFound: "./404.html" });
export const twoParts = api.static({ path: "/:a/*path", dir: "./files" });
export const fine = api.static({
  path: "/!path",
  dir: "./files",
  notFound: "./files/index.html",
  notFoundStatus: 404,
  headers: { "Cache-Control": "no-cache", Vary: ["Accept", "Accept-Encoding"], Bad: 1 },
});

export const auth = authHandler(async (params) => null);
export const second = authHandler(
  async (params: { authorization: Header<"Authorization">; user: string }): Promise<null> => null,
);
authHandler<{ a: Header<"A"> }, null>(async (params) => null);

const notAHandler = 1;
export const gateway = new Gateway({ authHandler: notAHandler });
export const another = new Gateway({ authHandler: fine });
export const empty2 = authHandler<{ a: Header<"A"> }, null>();
