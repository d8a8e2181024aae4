import { api } from "encore.dev/api";

const EXPOSED = true;

export const yes = api({ expose: true }, async () => {});
export const no = api({ expose: false }, async () => {});

export const constant = api({ expose: EXPOSED }, async () => {});
export const text = api({ expose: "true" }, async () => {});
export const number = api({ expose: 1 }, async () => {});
export const negated = api({ expose: !0 }, async () => {});
export const wrapped = api({ expose: (true) }, async () => {});
export const casted = api({ expose: true as boolean }, async () => {});
export const empty = api({ expose: null }, async () => {});
export const missing = api({ expose: undefined }, async () => {});
export const called = api({ expose: Boolean(1) }, async () => {});
