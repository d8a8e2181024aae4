import { db } from "./db";

export async function bad(table: string, direction: string, text: string) {
  await db.queryRow`SELEC 1`;
  await db.query<{ id: string }>`
    SELECT id, FROM orders
    WHERE name = 'größe ✓' AND id = ${text}
  `;
  await db.queryAll`SELECT * FROM ${table}`;
  await db.exec`INSERT INTO orders (id) VALUES (${text}`;
  await db.query`SELECT 'ünfinished, ${text}`;
  await db.query`SELECT id FROM orders ORDER BY id ${direction}`;
  await db.queryAll`SELECT '\`' || \`id\` FROM orders`;
  await db.rawQuery("SELECT id FROM orders WHERE");
  await db.rawExec('DELETE orders');
  await db.rawQueryRow("SELECT \u0027 FROM orders", text);
  const tx = await db.begin();
  await tx.exec`Encore does not look here`;
}
