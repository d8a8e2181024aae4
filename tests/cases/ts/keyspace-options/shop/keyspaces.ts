import { CacheCluster, expireIn, FloatKeyspace, IntKeyspace, StringKeyspace, StructKeyspace } from "encore.dev/storage/cache";
import { cluster as shop } from "./clusters";

interface Position {
  cart: string;
  item: number;
  gift: boolean;
  revision: bigint;
}
interface Cart {
  items: string[];
}
class Basket {
  constructor(readonly items: string[]) {}
}

const minute = expireIn(60_000);
// A keyspace has no name; without a variable it is one too.
new StringKeyspace<string>(shop, { keyPattern: "name/:key" });
new IntKeyspace<number>(shop, { keyPattern: "visits/:key", defaultExpiry: minute });
new IntKeyspace<bigint>(shop, { keyPattern: "big/:key" });
new IntKeyspace<boolean>(shop, { keyPattern: "flag/:key" });
new FloatKeyspace<Position>(shop, { keyPattern: "price/:cart/:item/:gift/:revision" });
new StructKeyspace<string, Cart>(shop, { keyPattern: "cart/:key" });
new StructKeyspace<{ id: string }, { items: string[] }>(shop, { keyPattern: "carts/:id" });
new StructKeyspace<string, Basket>(shop, { keyPattern: "basket/:key" });
new StringKeyspace<string>(shop, { keyPattern: "constant" });
new StringKeyspace<string>(shop, { keyPattern: "twice/:key/:key" });
