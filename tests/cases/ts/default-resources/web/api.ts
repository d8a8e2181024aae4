import customers from "../data/customers";
import orders from "../data/orders";
import { default as products } from "../data/products";
import { default as carts } from "../data/carts";

export async function read() {
  await orders.query`SELECT 1`;
  await customers.query`SELECT 1`;
  await products.query`SELECT 1`;
  await carts.query`SELECT 1`;
}
