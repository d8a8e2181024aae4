import { db } from "./db";

export async function good(id: string, ids: string[], note: string) {
  await db.queryRow<{ id: string }>`SELECT id, comment, "order" FROM orders WHERE id = ${id}`;
  await db.queryAll`SELECT * FROM orders WHERE id = ANY(${ids.map((each) => `${each}!`)}::text[])`;
  await db.exec`UPDATE orders SET note = ${note}, tags = tags || ${[note]}::text[] WHERE id = ${id}`;
  await db.rawQueryAll("SELECT 'it''s' AS \"quoted\", E'\\n' FROM orders", id);
  await db.rawExec(`DELETE FROM ${note}`);
  await db.exec``;
  await db.query`SELECT $$ any ${""} text $$`;
  await db.query`SELECT 1; SELECT 2`;
  for await (const row of db.query`
    -- a comment with ' in it
    SELECT o.id, count(*) FILTER (WHERE l.quantity > 1) AS many,
           row_number() OVER (PARTITION BY o.customer ORDER BY o.placed_at DESC NULLS LAST)
    FROM orders o LEFT JOIN LATERAL (SELECT * FROM lines l WHERE l.order_id = o.id) l ON true
    WHERE o.data @> '{"a": 1}'::jsonb AND o.data->>'b' ~* 'x?'
    GROUP BY o.id, o.customer, o.placed_at
    LIMIT ${10} OFFSET ${20}
  `) {
    console.log(row);
  }
}
