import { CacheCluster, IntKeyspace, StringKeyspace as Texts } from "encore.dev/storage/cache";
import { SQLDatabase } from "encore.dev/storage/sqldb";

const shop = new CacheCluster("shop");
const copy = shop;
const held = { cluster: new CacheCluster("held") };
const db = new SQLDatabase("orders");

export const aliased = new Texts<string>(shop, { keyPattern: "aliased/:key" });
export const onCopy = new IntKeyspace<string>(copy, { keyPattern: "copy/:key" });
export const onMember = new IntKeyspace<string>(held.cluster, { keyPattern: "member/:key" });
export const onNew = new IntKeyspace<string>(new CacheCluster("new"), { keyPattern: "new/:key" });
export const onDatabase = new IntKeyspace<string>(db, { keyPattern: "database/:key" });
