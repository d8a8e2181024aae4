import { api } from "encore.dev/api";

const handler = async () => {};

export const unknown = api({ exposed: true }, handler);
export const exposeText = api({ expose: "true" }, handler);
export const authNumber = api({ auth: 1 }, handler);
export const limitText = api({ bodyLimit: "1MB" }, handler);
export const limitNegative = api({ bodyLimit: -1 }, handler);
export const tagsText = api({ tags: "slow" }, handler);
export const tagsNumber = api({ tags: ["slow", 1] }, handler);
export const sensitiveText = api({ sensitive: "yes" }, handler);
export const pathNumber = api({ path: 1 }, handler);
export const dirUpwards = api({ dir: "../files" }, handler);
export const notFoundAbsolute = api({ notFound: "/404.html" }, handler);
export const statusText = api({ notFoundStatus: "404" }, handler);
export const statusTooLarge = api({ notFoundStatus: 5000000000 }, handler);
export const headersText = api({ headers: "no-cache" }, handler);
export const headersNumber = api({ headers: { Age: 1 } }, handler);
export const headersList = api({ headers: { Vary: ["Accept", 1] } }, handler);
