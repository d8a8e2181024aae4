import { api } from "encore.dev/api";

const TAG = "tag";

export const some = api({ tags: ["a", 'b'] }, async () => {});
export const none = api({ tags: [] }, async () => {});
export const trailing = api({ tags: ["a",] }, async () => {});

export const hole = api({ tags: ["a", , "b"] }, async () => {});
export const constant = api({ tags: [TAG] }, async () => {});
export const spread = api({ tags: [...["a"]] }, async () => {});
export const template = api({ tags: [`a`] }, async () => {});
export const number = api({ tags: [1] }, async () => {});
export const text = api({ tags: "a" }, async () => {});
export const asConst = api({ tags: ["a"] as const }, async () => {});
export const nested = api({ tags: [["a"]] }, async () => {});
