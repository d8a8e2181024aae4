import { APIError, Query, api } from "encore.dev/api";
import { CacheMiss, expireInMinutes, keepTTL } from "encore.dev/storage/cache";
import { getAuthData } from "~encore/auth";
import { notifications } from "~encore/clients";
import { today } from "../shared/money";
import {
  type CachedProduct,
  products,
  recentSearches,
  recentlyViewed,
  tagged,
  views,
  waiting,
} from "./cache";
import { db } from "./db";
import { imageUrl } from "./images";

const RECENT = 10;
const SCARCE = 5;

interface ProductRow {
  id: number;
  name: string;
  description: string;
  price_cents: number;
  stock: number;
}

interface SearchParams {
  search?: Query<string>;
  tag?: Query<string>;
}

interface ProductList {
  products: CachedProduct[];
}

export const listProducts = api(
  { expose: true, method: "GET", path: "/products" },
  async ({ search, tag }: SearchParams): Promise<ProductList> => {
    const email = getAuthData()?.userID;
    if (search && email) {
      await recentSearches.pushLeft({ email }, search);
      await recentSearches.trim({ email }, 0, RECENT - 1);
    }
    const ids = tag ? await idsWithTag(tag) : null;
    const rows = await db.queryAll<ProductRow>`
      SELECT id, name, description, price_cents, stock
      FROM products
      WHERE (${search ?? null}::text IS NULL OR name ILIKE '%' || ${search ?? null} || '%')
        AND (${ids === null}::boolean OR id = ANY(${ids ?? []}::integer[]))
      ORDER BY name
      LIMIT 100
    `;
    return { products: rows.map(shown) };
  },
);

interface ProductParams {
  id: number;
}

export const getProduct = api(
  { expose: true, method: "GET", path: "/products/:id" },
  async ({ id }: ProductParams): Promise<CachedProduct> => {
    const product = await findProduct(id);
    await views.increment({ productId: id, day: today() });
    const email = getAuthData()?.userID;
    if (email) {
      await recentlyViewed.removeAll({ email }, id);
      await recentlyViewed.pushLeft({ email }, id);
      await recentlyViewed.trim({ email }, 0, RECENT - 1);
    }
    return product;
  },
);

interface History {
  products: number[];
  searches: string[];
}

/** What the caller looked at and searched for last. */
export const history = api(
  { expose: true, auth: true, method: "GET", path: "/me/history" },
  async (): Promise<History> => {
    const email = getAuthData()!.userID;
    return {
      products: await recentlyViewed.getRange({ email }, 0, -1),
      searches: await recentSearches.items({ email }),
    };
  },
);

interface NewProduct {
  name: string;
  description: string;
  priceCents: number;
  tags: string[];
}

export const addProduct = api(
  { expose: true, auth: true, method: "POST", path: "/products", tags: ["staff"] },
  async ({ name, description, priceCents, tags }: NewProduct): Promise<CachedProduct> => {
    // One transaction: either the product is there with all its tags, or not at all. Leaving the
    // block without a commit rolls back.
    await using tx = await db.begin();
    const row = await tx.queryRow<ProductRow>`
      INSERT INTO products (name, description, price_cents)
      VALUES (${name}, ${description}, ${priceCents})
      RETURNING id, name, description, price_cents, stock
    `;
    if (row === null) {
      throw APIError.internal("the database returned no product");
    }
    for (const tag of tags) {
      await tx.exec`
        INSERT INTO product_tags (product_id, tag) VALUES (${row.id}, lower(${tag}))
        ON CONFLICT DO NOTHING
      `;
    }
    await tx.commit();
    return shown(row);
  },
);

interface NewPrice {
  id: number;
  priceCents: number;
}

export const changePrice = api(
  { expose: true, auth: true, method: "PATCH", path: "/products/:id/price", tags: ["staff"] },
  async ({ id, priceCents }: NewPrice): Promise<CachedProduct> => {
    const row = await db.queryRow<ProductRow>`
      UPDATE products SET price_cents = ${priceCents} WHERE id = ${id}
      RETURNING id, name, description, price_cents, stock
    `;
    if (row === null) {
      throw APIError.notFound("no such product");
    }
    try {
      // Only if it is cached, and without making it stay longer than it would have.
      await products.replace({ productId: id }, shown(row), { expiry: keepTTL });
    } catch (error) {
      if (!(error instanceof CacheMiss)) {
        throw error;
      }
    }
    return shown(row);
  },
);

/** Puts the caller on the list of those who hear when a product can be bought again. */
export const tellMe = api(
  { expose: true, auth: true, method: "PUT", path: "/products/:id/waiting" },
  async ({ id }: ProductParams): Promise<void> => {
    await waiting.add({ productId: id }, getAuthData()!.userID);
  },
);

interface Delivery {
  id: number;
  quantity: number;
}

/** New goods arrived: count them, and tell those who waited. */
export const restock = api(
  { expose: true, auth: true, method: "POST", path: "/products/:id/stock", tags: ["staff"] },
  async ({ id, quantity }: Delivery): Promise<void> => {
    const row = await db.queryRow<{ name: string }>`
      UPDATE products SET stock = stock + ${quantity} WHERE id = ${id} RETURNING name
    `;
    if (row === null) {
      throw APIError.notFound("no such product");
    }
    await products.delete({ productId: id });
    const emails = await waiting.items({ productId: id });
    if (emails.length > 0) {
      // A call to another service reads like a function call, and is checked like one.
      await notifications.backInStock({ product: row.name, emails });
      await waiting.delete({ productId: id });
    }
  },
);

interface QuoteParams {
  productIds: number[];
}

interface Quote {
  products: CachedProduct[];
}

/** Name, price and stock of some products, straight from the database. For other services only. */
export const quote = api({}, async ({ productIds }: QuoteParams): Promise<Quote> => {
  const rows = await db.queryAll<ProductRow>`
    SELECT id, name, description, price_cents, stock
    FROM products
    WHERE id = ANY(${productIds}::integer[])
    ORDER BY id
  `;
  return { products: rows.map(shown) };
});

async function findProduct(id: number): Promise<CachedProduct> {
  const cached = await products.get({ productId: id }); // undefined on a miss
  if (cached !== undefined) {
    return cached;
  }
  const row = await db.queryRow<ProductRow>`
    SELECT id, name, description, price_cents, stock FROM products WHERE id = ${id}
  `;
  if (row === null) {
    throw APIError.notFound("no such product");
  }
  // What is nearly sold out is looked up again soon; the rest stays as long as the keyspace says.
  const options = row.stock < SCARCE ? { expiry: expireInMinutes(1) } : {};
  await products.set({ productId: id }, shown(row), options);
  return shown(row);
}

async function idsWithTag(tag: string): Promise<number[]> {
  const known = await tagged.items(tag);
  if (known.length > 0) {
    return known;
  }
  const rows = await db.queryAll<{ product_id: number }>`
    SELECT product_id FROM product_tags WHERE tag = lower(${tag}) ORDER BY product_id
  `;
  const ids = rows.map((row) => row.product_id);
  if (ids.length > 0) {
    await tagged.add(tag, ...ids);
  }
  return ids;
}

function shown(row: ProductRow): CachedProduct {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    priceCents: row.price_cents,
    stock: row.stock,
    imageUrl: imageUrl(row.id),
  };
}
