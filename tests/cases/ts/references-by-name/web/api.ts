import { Bucket as Store } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";
import { CacheCluster } from "encore.dev/storage/cache";
import { Topic } from "encore.dev/pubsub";

const NAME = "orders";

const misspelled = SQLDatabase.named("odrers");
const unknown = Store.named("pictures");
const otherKind = CacheCluster.named("orders");
const nameless = SQLDatabase.named();
const constant = SQLDatabase.named(NAME);
const template = Store.named(`invoices`);
const aliased = Store.named("invoices");

const topic = Topic.named("placed");

function local() {
  const inside = SQLDatabase.named("orders");
}

export const list = async () => aliased.exists("a");
