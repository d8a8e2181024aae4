import { uploads } from "./buckets";

class Store {
  constructor(readonly bucket: unknown) {}
}
const copy = uploads;

export function use(f: (value: unknown) => void, data: Buffer) {
  uploads.delete("1.txt");
  uploads.uplaod("1.txt", data);
  uploads.publicUrl("1.txt");
  f(uploads);
  f(uploads.name);
  new Store(uploads);
  uploads?.upload("1.txt", data);
  f({ uploads });
  f(copy);
  return uploads;
}
