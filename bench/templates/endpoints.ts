/** Everything that a row does not say itself is computed here and nowhere else. */
export function to%Thing%(row: %Thing%Row): %Thing% {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    ownerId: row.owner_id,
    amountCents: Number(row.amount_cents),
    tags: row.tags ?? [],
%mapping%
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
//---
/** One %thing% by its id; %why%. */
export const get%Thing% = api(
  { expose: true, auth: %bool%, method: "GET", path: "/%service%/%things%/:id" },
  async ({ id }: %Thing%Id): Promise<%Thing%> => {
    const row = await db.queryRow<%Thing%Row>`
      SELECT id, name, status, owner_id, amount_cents, tags, %columns%, created_at, updated_at
      FROM %table% WHERE id = ${id} AND deleted_at IS NULL
    `;
    if (row === null) {
      throw APIError.notFound(`there is no %thing% ${id}`);
    }
    return to%Thing%(row);
  },
);
//---
const %THING%_PAGE = %int%;

/** The newest first. The cursor is the last id of the page before. */
export const list%Things% = api(
  { expose: true, method: "GET", path: "/%service%/%things%" },
  async (params: List%Things%Request): Promise<List%Things%Response> => {
    const limit = Math.min(params.limit ?? %THING%_PAGE, 100);
    const rows = db.query<%Thing%Row>`
      SELECT * FROM %table%
      WHERE (${params.status ?? null}::text IS NULL OR status = ${params.status ?? null})
        AND (${params.ownerId ?? null}::text IS NULL OR owner_id = ${params.ownerId ?? null})
        AND (${params.cursor ?? null}::text IS NULL OR id < ${params.cursor ?? null})
      ORDER BY id DESC LIMIT ${limit + 1}
    `;
    const %things%: %Thing%[] = [];
    for await (const row of rows) {
      %things%.push(to%Thing%(row));
    }
    const more = %things%.length > limit;
    return {
      %things%: %things%.slice(0, limit),
      nextCursor: more ? %things%[limit - 1].id : undefined,
    };
  },
);
//---
/** Makes a %thing% and tells whoever wants to know. %Why%. */
export const create%Thing% = api(
  { expose: true, auth: true, method: "POST", path: "/%service%/%things%" },
  async (input: Create%Thing%Request): Promise<%Thing%> => {
    const problems: string[] = [];
    if (input.name.trim().length < 3) {
      problems.push("a name has at least three characters");
    }
    if (input.amountCents < 0 || input.amountCents > %big%00) {
      problems.push("the amount is out of bounds");
    }
    if (input.%n1% < 0) {
      problems.push("%n1% cannot be negative");
    }
    if (problems.length > 0) {
      throw APIError.invalidArgument(problems.join("; "));
    }
    const row = await db.queryRow<%Thing%Row>`
      INSERT INTO %table% (name, status, owner_id, amount_cents, tags, %columns%)
      VALUES (${input.name}, '%s1%', ${input.ownerId}, ${input.amountCents}, ${input.tags ?? []},
        %values%)
      RETURNING *
    `;
    if (row === null) {
      throw APIError.internal("the database returned no row");
    }
    const %thing% = to%Thing%(row);
    await %main%Changed.publish({ id: %thing%.id, what: "%thing%", how: "created", at: new Date() });
    return %thing%;
  },
);
//---
/** Changes what is given and leaves the rest; %why%. */
export const update%Thing% = api(
  { expose: true, auth: true, method: "PATCH", path: "/%service%/%things%/:id" },
  async (input: Update%Thing%Request): Promise<%Thing%> => {
    await using tx = await db.begin();
    const before = await tx.queryRow<%Thing%Row>`
      SELECT * FROM %table% WHERE id = ${input.id} FOR UPDATE
    `;
    if (before === null) {
      throw APIError.notFound(`there is no %thing% ${input.id}`);
    }
    if (before.status === "%s3%" && input.status !== undefined) {
      throw APIError.failedPrecondition("a %thing% that is %s3% stays so");
    }
    const after = await tx.queryRow<%Thing%Row>`
      UPDATE %table%
      SET name = ${input.name ?? before.name},
          status = ${input.status ?? before.status},
          amount_cents = ${input.amountCents ?? before.amount_cents},
          updated_at = now()
      WHERE id = ${input.id}
      RETURNING *
    `;
    await tx.commit();
    if (after === null) {
      throw APIError.aborted("the %thing% changed meanwhile");
    }
    if (after.status !== before.status) {
      await %main%Changed.publish({ id: after.id, what: "%thing%", how: after.status, at: new Date() });
    }
    return to%Thing%(after);
  },
);
//---
/** Nothing is ever lost: a deleted %thing% is only hidden, for %int% days. */
export const delete%Thing% = api(
  { expose: true, auth: true, method: "DELETE", path: "/%service%/%things%/:id" },
  async ({ id }: %Thing%Id): Promise<void> => {
    const found = await db.queryRow<{ id: string }>`
      UPDATE %table% SET deleted_at = now() WHERE id = ${id} AND deleted_at IS NULL RETURNING id
    `;
    if (found === null) {
      throw APIError.notFound(`there is no %thing% ${id}`);
    }
  },
);
//---
/** For other services: no one else can call it. */
export const summarize%Things% = api(
  { expose: false },
  async ({ id }: %Thing%Id): Promise<{ summaries: %Thing%Summary[] }> => {
    const rows = await db.queryAll<{ status: %Thing%Status; n: number; total: number; oldest: Date }>`
      SELECT status, count(*)::int AS n, sum(amount_cents)::int AS total, min(created_at) AS oldest
      FROM %table%
      WHERE owner_id = ${id} AND deleted_at IS NULL
      GROUP BY status
      ORDER BY status
    `;
    return {
      summaries: rows.map((row) => ({
        status: row.status,
        count: row.n,
        totalCents: row.total,
        oldest: row.oldest,
      })),
    };
  },
);
//---
/** The whole list as CSV; a browser saves it as a file. */
export const export%Things% = api.raw(
  { expose: true, auth: true, method: "GET", path: "/%service%/export/%things%" },
  async (_request, response) => {
    response.writeHead(200, {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="%things%.csv"',
    });
    response.write("id,name,status,amount,%n1%,%t1%\n");
    for await (const row of db.query<%Thing%Row>`SELECT * FROM %table% ORDER BY created_at`) {
      const %thing% = to%Thing%(row);
      const cells = [%thing%.id, %thing%.name, %thing%.status, %thing%.amountCents, %thing%.%n1%, %thing%.%t1%];
      response.write(`${cells.map((cell) => JSON.stringify(cell)).join(",")}\n`);
    }
    response.end();
  },
);
//---
/** What a %thing% would cost today; nothing is kept. */
export const quote%Thing% = api(
  { expose: true, method: "GET", path: "/%service%/quotes/%things%/:id" },
  async ({ id, percent }: { id: string; percent?: number }): Promise<{ cents: number; text: string }> => {
    const row = await db.queryRow<%Thing%Row>`SELECT * FROM %table% WHERE id = ${id}`;
    if (row === null) {
      throw APIError.notFound(`there is no %thing% ${id}`);
    }
    const cents = %thing%Net(to%Thing%(row), percent ?? %int%);
    return { cents, text: formatCents(cents) };
  },
);
