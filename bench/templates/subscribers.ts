// %Why%.
const follow%Peer% = new Subscription(%peer_main%Changed, "%service%-follows", {
  handler: async (event) => {
    if (event.how === "created" || event.how === "%word%") {
      const { summaries } = await %peer_client%.summarize%PeerThings%({ id: event.id });
      const total = summaries.reduce((sum, each) => sum + each.totalCents, 0);
      log.info("%peer_service% changed", { id: event.id, total, limit: %big% });
      if (total > %big%) {
        await note%Main%(event.id, `${formatCents(total)} in ${summaries.length} states`);
      }
    }
  },
  maxConcurrency: %int%,
  ackDeadline: "%int%s",
  retryPolicy: { minBackoff: "%int%s", maxBackoff: "10m", maxRetries: %int% },
});
//---
/** Handles one change; a change seen before does nothing. */
async function note%Main%(id: string, text: string): Promise<void> {
  const known = await db.queryRow<{ seen: number }>`
    SELECT count(*)::int AS seen FROM %table%_notes WHERE source = ${id} AND note = ${text}
  `;
  if (known !== null && known.seen > 0) {
    return;
  }
  await db.exec`
    INSERT INTO %table%_notes (source, note, created_at) VALUES (${id}, ${text}, now())
    ON CONFLICT (source, note) DO NOTHING
  `;
}
