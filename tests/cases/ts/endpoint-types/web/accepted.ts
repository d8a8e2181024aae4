import { api } from "encore.dev/api";
import { Order } from "./types";

type Line = { amount: number };
type Page<T> = { items: T[] };

export const nothing = api({}, async () => {});
export const voids = api({}, async (): Promise<void> => {});
export const direct = api({}, (order: Order): Order => order);
export const promised = api({}, async (order: Order): Promise<Order> => order);
export const literal = api({}, async (order: { id: string }): Promise<{ id: string }> => order);
export const alias = api({}, async (line: Line): Promise<Line> => line);
export const generic = api({}, async (page: Page<Order>): Promise<Page<Order>> => page);
export const joined = api({}, async (both: Order & Line): Promise<void> => {});
export const either = api({}, async (): Promise<Order> => ({ id: "1" }));
export const args = api<Order, Line>({}, async (order) => ({ amount: 1 }));
export const annotated = api<Line, void>({}, async (order: Order): Promise<void> => {});
