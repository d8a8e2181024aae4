import { Bucket } from "encore.dev/storage/objects";

export const exported = new Bucket("exported");
const kept = new Bucket("kept");
let changing = new Bucket("changing");
var old = new Bucket("old");
const _ = new Bucket("underscore");

new Bucket("bare");

let later: Bucket;
later = new Bucket("assigned");

class Store {
  readonly own = new Bucket("in-a-field");
  static shared = new Bucket("in-a-static-field");
}

function logged<T>(value: T): T {
  return value;
}
const wrapped = logged(new Bucket("wrapped"));
const casted = new Bucket("cast") as Bucket;
const checked = new Bucket("satisfied") satisfies Bucket;

export default new Bucket("default-export");
export { kept as renamed };

export const all = async () => {
  await exported.exists("a");
  await kept.exists("a");
  await changing.exists("a");
  await old.exists("a");
  await wrapped.exists("a");
  await casted.exists("a");
  await checked.exists("a");
  return [later, Store];
};
