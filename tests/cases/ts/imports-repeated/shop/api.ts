import { api } from "encore.dev/api";
import { api, APIError } from "encore.dev/api";
import type { Order } from "./orders";
import type { Order } from "./other";
import total, { sum as total } from "./orders";
import { sum, sum as plus } from "./orders";

export const read = api({}, async (): Promise<Order> => {
  if (total(sum) > plus()) throw APIError.internal("too much");
  return { id: 1 };
});
