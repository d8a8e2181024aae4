import { api } from "encore.dev/api";
import { ReadWriter, Uploader, PublicUrler as Urls } from "encore.dev/storage/objects";
import { Publisher } from "encore.dev/pubsub";
import { billing, shop as self } from "~encore/clients";
import * as clients from "~encore/clients";
import { byPage, counts, db, held, images, invoices, level, placed, reports, rows, visits } from "./resources";

type Files = ReadWriter & Urls;
interface NoPermission {
  upload(): void;
}

export const order = api({}, async (): Promise<void> => {
  const row = await db.queryRow<{
    id: string;
    title: string | null;
  }>`SELECT id, title FROM items WHERE id = ${1}`;
  await db.exec`INSERT INTO orders (id) VALUES (${row?.id})`;
  await placed.publish({ id: "1" });
  await images.upload("a", Buffer.from("a"));
  console.log(images.publicUrl("a"), await invoices.exists("b"));
  visits.increment();
  byPage.with({ page: "/" }).increment();
  level.set(3);
  await counts.getAndSet("a", 1);
  await billing.charge();
  await self.order();
  await clients.billing.charge();
  await held.two.remove("x");
  for await (const row of rows) console.log(row);
});

export const onlyReads = async () => [
  await reports.query`
    -- no INSERT here
    WITH t AS (SELECT 'delete' AS word) SELECT * FROM t`,
  await reports.rawQuery("SELECT 1"),
];

export const passedOn = (orm: (url: string) => void, lock: (d: unknown) => void) => {
  orm(db.connectionString);
  lock(db);
  return [invoices.ref<Uploader>(), images.ref<Files>(), placed.ref<Publisher>()];
};

export const shadowed = (db: { query: () => void }) => db.query();

// From here on: what Encore refuses.
export const wrong = async (f: (x: unknown) => void) => {
  const other = db;
  f({ db });
  db();
  f(images);
  f(images.name);
  await images.uplaod("a");
  invoices.publicUrl("b");
  invoices.ref();
  invoices.ref<NoPermission>();
  invoices.ref<Urls>();
  f(visits);
  await billing?.charge();
  billing.settings;
  await billing.chrage();
  f(billing);
  return other;
};
