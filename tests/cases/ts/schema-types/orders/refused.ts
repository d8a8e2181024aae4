import { api } from "encore.dev/api";
import { Topic } from "encore.dev/pubsub";
import { CacheCluster, StructKeyspace } from "encore.dev/storage/cache";
import { Line, Money, State } from "./types";

interface Watched extends Line {
  changed: (line: Line) => void;
}
interface Priced {
  price: Money;
}

export const watched = new Topic<Watched>("watched", {});
export const priced = new Topic<Priced>("priced", {});
export const pairs = new Topic<{ pair: [string, number] }>("pairs", {});
export const methods = new Topic<{ total(): number }>("methods", {});
export const indexed = new Topic<{ lines: Map<string, Line> }>("indexed", {});
export const opened = new Topic<{ state: State.Open }>("opened", {});
export const nothing = new Topic<{ nothing: void }>("nothing", {});
export const later = new Topic<{ line: Promise<Line> }>("later", {});
const cluster = new CacheCluster("carts");
export const carts = new StructKeyspace<string, { seen: Set<string> }>(cluster, { keyPattern: "cart/:key" });
export const upload = api({}, async (request: { data: Buffer }) => {});
export const money = api({}, async (): Promise<Priced> => ({ price: new Money(5) }));
