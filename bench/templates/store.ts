/** Keeps %things% in memory for as long as one request needs them. %Why%. */
export class %Thing%Store {
  private readonly seen = new Map<string, %Thing%Row>();
  private misses = 0;

  constructor(private readonly patience: number = %int%) {}

  async get(id: string): Promise<%Thing%Row | undefined> {
    const present = this.seen.get(id);
    if (present !== undefined) {
      return present;
    }
    this.misses += 1;
    const row = await db.queryRow<%Thing%Row>`SELECT * FROM %table% WHERE id = ${id}`;
    if (row !== null) {
      this.seen.set(id, row);
    }
    return row ?? undefined;
  }

  async many(ids: readonly string[]): Promise<%Thing%Row[]> {
    const missing = ids.filter((id) => !this.seen.has(id));
    if (missing.length > this.patience) {
      throw new Error(`${missing.length} %things% are more than one request should ask for`);
    }
    const rows = await db.queryAll<%Thing%Row>`
      SELECT * FROM %table% WHERE id = ANY(${missing}) ORDER BY created_at
    `;
    for (const row of rows) {
      this.seen.set(row.id, row);
    }
    return ids.flatMap((id) => this.seen.get(id) ?? []);
  }

  /** Rows that nobody touched for `days` days. */
  async stale(days: number): Promise<%Thing%Row[]> {
    const found: %Thing%Row[] = [];
    const rows = db.query<%Thing%Row>`
      SELECT * FROM %table%
      WHERE updated_at < now() - make_interval(days => ${days}) AND status <> '%s3%'
      ORDER BY updated_at LIMIT %int%
    `;
    for await (const row of rows) {
      found.push(row);
    }
    return found;
  }

  get statistics(): { kept: number; misses: number } {
    return { kept: this.seen.size, misses: this.misses };
  }
}
//---
/** Moves everything of one owner to another, or nothing at all. */
export async function move%Things%(from: string, to: string): Promise<number> {
  const tx = await db.begin();
  try {
    let moved = 0;
    const rows = await tx.queryAll<{ id: string }>`
      UPDATE %table% SET owner_id = ${to}, updated_at = now() WHERE owner_id = ${from} RETURNING id
    `;
    for (const { id } of rows) {
      await tx.exec`
        INSERT INTO %table%_history (%table%_id, what, old_value, new_value)
        VALUES (${id}, 'owner', ${from}, ${to})
      `;
      moved += 1;
    }
    await tx.commit();
    return moved;
  } catch (error) {
    await tx.rollback();
    throw error;
  }
}
//---
/** Tries again where the database was only busy; %why%. */
async function patiently%Thing%<T>(attempts: number, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      const busy = error instanceof Error && /deadlock|timeout|%word%/.test(error.message);
      if (!busy || attempt >= attempts) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, %int% * 2 ** attempt));
    }
  }
}

export async function tag%Thing%(id: string, tags: string[]): Promise<void> {
  await patiently%Thing%(%digit%, () =>
    db.exec`
      UPDATE %table% SET tags = (SELECT array_agg(DISTINCT t) FROM unnest(tags || ${tags}::text[]) t)
      WHERE id = ${id}
    `,
  );
}
