import { secret } from "encore.dev/config";
import { Subscription, Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const db = new SQLDatabase("mydb");

// Wrong: nobody can tell from the code which database this is.
export async function setup() {
  const db = new SQLDatabase("mydb");
  await db.exec`SELECT 1`;
}

// Wrong: Encore refuses the variable inside an arrow function.
export const later = () => {
  const files = new Bucket("files");
  return files;
};

// Allowed by Encore, but it exists only once the function has run.
export function start(topic: Topic<{ id: string }>) {
  new Topic<{ id: string }>("started", { deliveryGuarantee: "at-least-once" });
  return topic;
}

export class Repository {
  private readonly db = new SQLDatabase("in-a-field");
  private readonly key = secret("InAField");
  open() {
    return secret("InAMethod")();
  }
}

secret("WithoutVariable");
