import { api } from "encore.dev/api";

const LIMIT = 1024;

export const constant = api({ bodyLimit: LIMIT }, async () => {});
export const negative = api({ bodyLimit: -1 }, async () => {});
export const belowZero = api({ bodyLimit: 3 - 5 }, async () => {});
export const wrapped = api({ bodyLimit: (1 + 2) * 3 }, async () => {});
export const inexact = api({ bodyLimit: 10 / 3 }, async () => {});
export const fraction = api({ bodyLimit: 1.5 }, async () => {});
export const power = api({ bodyLimit: 2 ** 10 }, async () => {});
export const shift = api({ bodyLimit: 1 << 10 }, async () => {});
export const inverted = api({ bodyLimit: ~5 }, async () => {});
export const big = api({ bodyLimit: 5n }, async () => {});
export const text = api({ bodyLimit: "1024" }, async () => {});
export const missing = api({ bodyLimit: undefined }, async () => {});
