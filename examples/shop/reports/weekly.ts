// What was sold, once a week, as a table for the bookkeeper.

import { APIError, api } from "encore.dev/api";
import { CronJob } from "encore.dev/cron";
import {
  type Attrser,
  Bucket,
  type Downloader,
  type Lister,
  type Remover,
  type Uploader,
} from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import {
  type DocumentInfo,
  pruneDocuments,
  readDocument,
  storeOnce,
} from "../shared/documents";
import { today } from "../shared/money";

const WEEKS_KEPT = 52;

// The database belongs to the service `orders`; this service reads it under the same name.
const orders = SQLDatabase.named("orders");

const reports = new Bucket("sales-reports");

// Three references for three jobs, each no wider than its job.
const archive = reports.ref<Uploader & Attrser>();
const reading = reports.ref<Downloader & Attrser>();
const cleaning = reports.ref<Lister & Remover>();

export const writeWeekly = api({ expose: false }, async (): Promise<void> => {
  const rows = await orders.queryAll<{ name: string; quantity: number; cents: number }>`
    SELECT lines.name,
           sum(lines.quantity)::integer AS quantity,
           sum(lines.quantity * lines.price_cents)::integer AS cents
    FROM orders
    JOIN order_lines AS lines ON lines.order_id = orders.id
    WHERE orders.status = 'paid' AND orders.paid_at >= now() - interval '7 days'
    GROUP BY lines.name
    ORDER BY cents DESC
  `;
  const table = rows.map((row) => `"${row.name}",${row.quantity},${row.cents}`);
  const csv = ["product,quantity,cents", ...table, ""].join("\n");
  await storeOnce(archive, `${today()}.csv`, csv, "text/csv");
  await pruneDocuments(cleaning, WEEKS_KEPT);
});

// A cron expression, in UTC: minute, hour, day of month, month, day of week.
const _ = new CronJob("weekly-report", {
  title: "Write the report of the week",
  schedule: "0 6 * * 1",
  endpoint: writeWeekly,
});

interface ReportList {
  reports: DocumentInfo[];
}

export const listReports = api(
  { expose: true, auth: true, method: "GET", path: "/reports", tags: ["staff"] },
  async (): Promise<ReportList> => {
    const found: DocumentInfo[] = [];
    for await (const entry of reports.list({ limit: WEEKS_KEPT })) {
      found.push({ name: entry.name, bytes: entry.size });
    }
    return { reports: found };
  },
);

interface ReportParams {
  name: string;
}

interface Report {
  csv: string;
}

export const readReport = api(
  { expose: true, auth: true, method: "GET", path: "/reports/:name", tags: ["staff"] },
  async ({ name }: ReportParams): Promise<Report> => {
    const content = await readDocument(reading, name);
    if (content === undefined) {
      throw APIError.notFound("no such report");
    }
    return { csv: content.toString("utf-8") };
  },
);
