import { api } from "encore.dev/api";

const config = { expose: true };
const handler = async () => {};

export default api({}, async () => {});
api({ expose: true }, async () => {});

export const nothing = api();
export const withoutHandler = api({ expose: true });
export const rawWithoutHandler = api.raw({});
export const constantConfig = api(config, handler);
export const spreadConfig = api({ ...config }, handler);
export const functionOnly = api(async () => {});
export const generic = api({}, async <T>(request: { value: T }) => {});
export const genericFunction = api({}, async function <T>(request: { value: T }) {});
