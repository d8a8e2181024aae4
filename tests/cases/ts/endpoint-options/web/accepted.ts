import { api } from "encore.dev/api";

const handler = async () => {};

export const nothing = api({}, handler);
export const exposed = api({ expose: true }, handler);
export const hidden = api({ expose: false }, handler);
export const guarded = api({ expose: true, auth: true }, handler);
export const guardedButHidden = api({ auth: true }, handler);
export const open = api({ expose: true, auth: false }, handler);
export const limited = api({ bodyLimit: 10 * 1024 * 1024 }, handler);
export const unlimited = api({ bodyLimit: null }, handler);
export const tagged = api({ tags: ["slow", "any text: no rule"] }, handler);
export const untagged = api({ tags: [] }, handler);
export const secretive = api({ sensitive: true }, handler);

// What only static files need is accepted everywhere.
export const withFiles = api(
  {
    dir: "./nowhere",
    notFound: "./nothing.html",
    notFoundStatus: 404,
    headers: { "Cache-Control": "no-cache", Vary: ["Accept", "Accept-Encoding"] },
  },
  handler,
);
export const rawOptions = api.raw({ method: "PUT", expose: true, sensitive: false }, handler);
export const streamOptions = api.streamOut<{ n: number }>(
  { method: "POST", bodyLimit: 1024, expose: true, auth: true },
  async (stream) => {},
);
export const staticOptions = api.static({
  method: "POST",
  path: "/files/*path",
  dir: "./files",
  bodyLimit: null,
  tags: ["files"],
  expose: true,
});
