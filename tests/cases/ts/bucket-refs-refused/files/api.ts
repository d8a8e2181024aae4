import { Bucket, Lister, PublicUrler, Uploader } from "encore.dev/storage/objects";

interface Writer extends Uploader {}
interface Methods {
  upload(): void;
}
type A0 = Uploader;
type A1 = A0;
type A2 = A1;
type A3 = A2;
type A4 = A3;
type A5 = A4;
type A6 = A5;
type A7 = A6;
type A8 = A7;
type A9 = A8;
type A10 = A9;
type A11 = A10;
type A12 = A11;
const files = new Bucket("files");

export const references = [
  files.ref(),
  files.ref<Uploader | Lister>(),
  files.ref<Writer>(),
  files.ref<Methods>(),
  files.ref<Uploader & Methods>(),
  files.ref<"upload">(),
  files.ref<any>(),
  files.ref<{ upload(): void }>(),
  files.ref<Uploder>(),
  files.ref<PublicUrler>(),
  files.ref<A12>(),
];
