import { carts } from "../data";
import { ratings } from "../data/again";
import { returns } from "../data/all";
import { orders } from "../data/databases";
import { customers as people } from "../data/databases";
import { products } from "@data/databases";
import type { prices } from "../data/databases";
import { type stock } from "../data/databases";
import { taxes } from "../data/databases";
import { invoices } from "../data/databases";
import { money } from "../data/databases";

export type Prices = typeof prices;
export type Stock = typeof stock;

export async function read() {
  await orders.query`SELECT 1`;
  await people.query`SELECT 1`;
  await products.query`SELECT 1`;
  await invoices.query`SELECT 1`;
  await money.query`SELECT 1`;
  await carts.query`SELECT 1`;
  await returns.query`SELECT 1`;
  await ratings.query`SELECT 1`;
}
// A parameter of that name is another thing.
export const tax = (taxes: { query: (sum: number) => number }) => taxes.query(5);
