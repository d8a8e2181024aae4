import { sum } from "./orders";
import { sum } from "./orders";

// Encore does not read for declarations what does not name the SDK.
export interface Order {
  id: number;
}
export const all = sum();
