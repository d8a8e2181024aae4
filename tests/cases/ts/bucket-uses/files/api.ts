import { avatars, drafts, exports, inbox, invoices, outbox, photos, reports, trash, uploads } from "./buckets";

export async function use(data: Buffer) {
  for await (const entry of avatars.list({})) console.log(entry.name);
  await invoices.exists("1.pdf");
  await exports.attrs("1.csv");
  await uploads.upload("1.txt", data);
  await reports.download("1.pdf");
  await trash.remove("1.txt");
  await inbox.signedUploadUrl("1.txt");
  await outbox.signedDownloadUrl("1.txt");
  photos.publicUrl("1.jpg");
  await drafts["upload"]("1.txt", data);
}
