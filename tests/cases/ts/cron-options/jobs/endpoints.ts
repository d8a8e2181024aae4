import { api } from "encore.dev/api";

interface Range {
  days: number;
}

export const clean = api({}, async () => {});
// That the endpoint takes a request is not looked at.
export const report = api({}, async (range: Range) => {});
