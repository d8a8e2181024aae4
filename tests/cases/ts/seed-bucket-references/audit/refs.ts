import type { Attrser, Lister } from "encore.dev/storage/objects";
import { uploads } from "../files/buckets";

export const counting = uploads.ref<Lister & Attrser>();
