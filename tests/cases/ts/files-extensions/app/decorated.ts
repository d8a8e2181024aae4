import { Bucket } from "encore.dev/storage/objects";

function logged(target: any, context: any) {
  return target;
}

// Decorators are part of the language that Encore reads.
@logged
class Store {
  @logged
  save() {
    return bucket.upload("a", Buffer.from(""));
  }
}

const bucket = new Bucket("decorated");
