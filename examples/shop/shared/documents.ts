// Documents are files that a person may ask for again: invoices, reports. These helpers work on
// any bucket, and each states in its parameter exactly what it needs to be allowed.

import type { Attrser, Downloader, Lister, Remover, Uploader } from "encore.dev/storage/objects";

export interface DocumentInfo {
  name: string;
  bytes: number;
}

/**
 * Stores a document unless it is there already, and says whether it was written.
 *
 * A repeated message then leaves the first document as it is.
 */
export async function storeOnce(
  bucket: Uploader & Attrser,
  name: string,
  text: string,
  contentType: string,
): Promise<boolean> {
  if (await bucket.exists(name)) {
    return false;
  }
  await bucket.upload(name, Buffer.from(text, "utf-8"), { contentType });
  return true;
}

/** A document's content, or `undefined` when there is none under this name. */
export async function readDocument(
  bucket: Downloader & Attrser,
  name: string,
): Promise<Buffer | undefined> {
  return (await bucket.exists(name)) ? bucket.download(name) : undefined;
}

/** Keeps the newest `keep` documents (their names sort by date) and returns how many it removed. */
export async function pruneDocuments(bucket: Lister & Remover, keep: number): Promise<number> {
  const names: string[] = [];
  for await (const entry of bucket.list({})) {
    names.push(entry.name);
  }
  const old = names.sort().slice(0, Math.max(0, names.length - keep));
  for (const name of old) {
    await bucket.remove(name);
  }
  return old.length;
}
