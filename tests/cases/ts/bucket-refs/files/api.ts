import * as objects from "encore.dev/storage/objects";
import { Bucket, Downloader, Lister, PublicUrler, ReadWriter, Remover } from "encore.dev/storage/objects";
import { SignedDownloader, SignedUploader, Uploader } from "encore.dev/storage/objects";
import { Uploader as Writer } from "encore.dev/storage/objects";
import { avatars, drafts, exports, films, fonts, icons, inbox, invoices, letters, maps } from "./buckets";
import { notes, outbox, photos, reports, scans, songs, trash, uploads } from "./buckets";
import { Attrser, Cleaner } from "./types";

type Both = Uploader & (Downloader & Lister);
class Store {
  upload() {}
  list() {}
  close() {}
}
abstract class Reader {
  abstract download(): void;
}
class Silent {
  close() {}
}
class Inherited extends Store {}
class Fields {
  upload = () => {};
}

export const references = [
  avatars.ref<Lister>(),
  invoices.ref<Attrser>(),
  uploads.ref<Uploader>(),
  reports.ref<Downloader>(),
  trash.ref<Remover>(),
  inbox.ref<SignedUploader>(),
  outbox.ref<SignedDownloader>(),
  photos.ref<PublicUrler>(),
  exports.ref<ReadWriter>(),
  drafts.ref<Both>(),
  letters.ref<Cleaner>(),
  scans.ref<Store>(),
  maps.ref<Reader>(),
  songs.ref<Writer, Downloader>(),
  films.ref<Bucket>(),
  notes.ref<objects.Uploader>(),
  icons.ref<Silent>(),
  fonts.ref<Inherited>(),
  fonts.ref<Fields>(),
];
