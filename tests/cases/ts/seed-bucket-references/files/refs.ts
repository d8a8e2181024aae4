import { Uploader, Downloader } from "encore.dev/storage/objects";
import { uploads } from "./buckets";

// Create a reference with upload permission only
const uploaderRef = uploads.ref<Uploader>();

// Create a reference with download permission only
const downloaderRef = uploads.ref<Downloader>();

export async function copy(from: string, to: string): Promise<void> {
  await uploaderRef.upload(to, await downloaderRef.download(from));
}
