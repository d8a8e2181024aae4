import { api } from "encore.dev/api";

const METHOD = "GET";
const METHODS = ["GET"];
const handler = async () => {};

export const lower = api({ method: "get" }, handler);
export const unknown = api({ method: "FETCH" }, handler);
export const empty = api({ method: "" }, handler);
export const lowerItem = api({ method: ["GET", "post"] }, handler);
export const unknownItem = api({ method: ["GET", "FETCH"] }, handler);
export const mixed = api({ method: ["*", "GET"] }, handler);
export const twoStars = api({ method: ["*", "*"] }, handler);
export const number = api({ method: 1 }, handler);
export const constant = api({ method: METHOD }, handler);
export const template = api({ method: `GET` }, handler);
export const object = api({ method: {} }, handler);
export const constantList = api({ method: METHODS }, handler);
