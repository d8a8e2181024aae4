import { secret } from "encore.dev/config";
import { shop } from "~encore/clients";
import { db, images, visits } from "../shop/resources";

const token = secret("SharedToken");

export const log = (line: string) => db.exec`INSERT INTO logs VALUES (${line}, ${token()})`;
export const archive = async () => images.download("a");
export const sendInvoice = async () => {
  visits.increment();
  await shop.order();
};
