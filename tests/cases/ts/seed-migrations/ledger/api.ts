import { api } from "encore.dev/api";
import { ledger } from "./db";

interface Entry {
  account: string;
  amount: number;
}

export const book = api({ expose: false }, async ({ account, amount }: Entry): Promise<void> => {
  await ledger.exec`INSERT INTO entries (account, amount) VALUES (${account}, ${amount})`;
});
