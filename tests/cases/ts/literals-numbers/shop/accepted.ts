import { api } from "encore.dev/api";

export const digits = api({ bodyLimit: 1024 }, async () => {});
export const plus = api({ bodyLimit: +1024 }, async () => {});
export const sum = api({ bodyLimit: 1000 + 24 }, async () => {});
export const difference = api({ bodyLimit: 2000 - 976 }, async () => {});
export const product = api({ bodyLimit: 6 * 1024 * 1024 }, async () => {});
export const quotient = api({ bodyLimit: 2048 / 2 }, async () => {});
export const remainder = api({ bodyLimit: 10 % 3 }, async () => {});
export const order = api({ bodyLimit: 1 + 2 * 3 - -4 }, async () => {});
export const separated = api({ bodyLimit: 1_000_000 }, async () => {});
export const hexadecimal = api({ bodyLimit: 0x10 }, async () => {});
export const octal = api({ bodyLimit: 0o10 }, async () => {});
export const binary = api({ bodyLimit: 0b10 }, async () => {});
export const wholeDecimal = api({ bodyLimit: 5.0 }, async () => {});
export const exponent = api({ bodyLimit: 1e3 }, async () => {});
export const zero = api({ bodyLimit: 0 }, async () => {});
export const unlimited = api({ bodyLimit: null }, async () => {});
