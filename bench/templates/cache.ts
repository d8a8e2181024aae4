/** The last known state, so that a list of a hundred needs no hundred queries. %Why%. */
export const %thing%States = new StringKeyspace<{ id: string }>(sharedCache, {
  keyPattern: "%service%/%things%/:id",
  defaultExpiry: expireInMinutes(%int%),
});

export const %thing%Views = new IntKeyspace<{ id: string; day: string }>(sharedCache, {
  keyPattern: "%service%/views/:id/:day",
  defaultExpiry: expireInHours(%int%),
});

/** Counts a look at a %thing% and says how many there were today. */
export async function count%Thing%View(id: string, at: Date = new Date()): Promise<number> {
  const day = at.toISOString().slice(0, 10);
  const seen = await %thing%Views.increment({ id, day }, 1);
  if (seen % %int% === 0) {
    log.debug("%thing% is popular", { id, seen });
  }
  return seen;
}
//---
export async function %thing%State(id: string): Promise<string> {
  const cached = await %thing%States.get({ id });
  if (cached !== undefined) {
    return cached;
  }
  const row = await db.queryRow<{ status: %Thing%Status }>`
    SELECT status FROM %table% WHERE id = ${id}
  `;
  const state = row?.status ?? "unknown";
  await %thing%States.set({ id }, state);
  return state;
}
//---
export async function forget%Thing%(id: string): Promise<void> {
  await %thing%States.delete({ id });
}
