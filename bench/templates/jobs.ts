/** Looks for what was forgotten. %Why%. */
export const sweep%Things% = api({ expose: false }, async (): Promise<void> => {
  const rows = await db.queryAll<%Thing%Row>`
    SELECT * FROM %table% WHERE status = '%s1%' AND created_at < now() - interval '%int% days'
    ORDER BY created_at LIMIT %big%
  `;
  let closed = 0;
  for (const row of rows) {
    if (row.amount_cents > %big% && row.tags.length > 0) {
      continue;
    }
    await db.exec`UPDATE %table% SET status = '%s3%', updated_at = now() WHERE id = ${row.id}`;
    await %main%Changed.publish({ id: row.id, what: "%thing%", how: "swept", at: new Date() });
    closed += 1;
  }
  swept%Things%.increment(closed);
  log.info("swept %things%", { seen: rows.length, closed });
});

const swept%Things% = new Counter("%client%_swept");

const sweep%Things%Job = new CronJob("%service%-sweep", {
  title: "Sweep %things% of %service%",
  %schedule%,
  endpoint: sweep%Things%,
});
