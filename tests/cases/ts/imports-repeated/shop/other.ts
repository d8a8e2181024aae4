import { sum } from "./orders";
import { sum } from "./orders";

// Encore resolves no names where nothing is declared.
export interface Order {
  id: number;
}
export const all = sum();
