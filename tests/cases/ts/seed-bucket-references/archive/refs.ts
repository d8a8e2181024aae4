import type { Remover, SignedDownloader, SignedUploader } from "encore.dev/storage/objects";
import { uploads } from "../files/buckets";

type Links = SignedDownloader & SignedUploader;

export const linking = uploads.ref<Links>();
export const cleaning = uploads.ref<Remover>();
