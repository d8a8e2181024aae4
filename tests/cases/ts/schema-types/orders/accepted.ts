import { api } from "encore.dev/api";
import { Topic } from "encore.dev/pubsub";
import { CacheCluster, StructKeyspace } from "encore.dev/storage/cache";
import { Line, Money } from "./types";

type Page<Item> = { items: Item[]; next?: string };

export const placed = new Topic<Page<Line>>("placed", {});
export const states = new Topic<Record<string, Line["state"]>>("states", {});
export const names = new Topic<string>("names", {});
const cluster = new CacheCluster("orders");
// Values of caches are read, not described: a class may be in them.
export const prices = new StructKeyspace<string, { price: Money }>(cluster, { keyPattern: "price/:key" });
export const list = api({}, async (request: Line): Promise<Page<Line>> => ({ items: [] }));
