import { api } from "encore.dev/api";
import { Order } from "./types";

type Text = string;
enum Color {
  Red,
}
class Basket {
  id = "1";
}

export const text = api({}, async (): Promise<string> => "ok");
export const textRequest = api({}, async (request: string) => {});
export const number = api({}, async (): Promise<number> => 1);
export const list = api({}, async (): Promise<Order[]> => []);
export const listRequest = api({}, async (orders: Order[]) => {});
export const named = api({}, async (request: Text) => {});
export const orNull = api({}, async (): Promise<Order | null> => null);
export const orNothing = api({}, async (): Promise<Order | void> => {});
export const empty = api({}, async (): Promise<null> => null);
export const anything = api({}, async (request: any) => {});
export const unknown = api({}, async (request: unknown) => {});
export const record = api({}, async (request: Record<string, string>) => {});
export const instance = api({}, async (request: Basket) => {});
export const choice = api({}, async (request: Color) => {});
export const date = api({}, async (request: Date) => {});
export const tuple = api({}, async (request: [string, number]) => {});
export const byArgument = api<string, void>({}, async (request) => {});
export const resultArgument = api<void, Order[]>({}, async () => []);
export const imported = api({}, async (order: import("./types").Order) => {});
