import { api } from "encore.dev/api";
import { SQLDatabase } from "encore.dev/storage/sqldb";
export type * from "./types";

const db = new SQLDatabase("grammar", {});

// Valid TypeScript that a parser may stumble over.
interface Row<in out T> {
  in: T;
  out?: T;
}
class Thing {
  static accessor count = 0;
  accessor name = "x";
}

export const read = api({}, async (): Promise<void> => {
  await db.queryRow<Row<string>>`SELECT * FROM a WHERE b > ${1}`;
  const typed = await db.queryRow<{ a: string; f: (x: number) => Map<string, "a>b"> }>`SELECT 1`;
  const html = `<p>${typed?.a}<b>`;
  const nested = await db.query<{ a: Array<{ b: string }> }>`
    SELECT ${`inner <i>${html}</i>`}
  `;
  const compared = 1 < 2 && 3 > 2 ? `a` : `b`;
  for await (const row of nested) console.log(row, compared, new Thing().name);
  const bits = 1 << 2 >> 1;
  const emoji = "🛒 — ü"; await db.exec`INSERT INTO x VALUES (${emoji}, ${bits})`;
});
