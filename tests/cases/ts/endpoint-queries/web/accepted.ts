import { Cookie, Header, Query, api } from "encore.dev/api";

enum Order {
  Up = "up",
}
interface Filter {
  text: string;
  count?: number;
  exact: boolean;
  since: Date;
  order: Order;
  status: "open" | "closed";
  tags: string[];
  either: string | number[];
  key: Query<"k">;
  token: Header<"Authorization">;
  session: Cookie<"session">;
}
interface Saved {
  id: string;
  address: { street: string };
}
type Part = Partial<Filter>;

export const list = api({ method: "GET" }, async (filter: Filter) => {});
export const part = api({ method: "GET" }, async (filter: Part) => {});
export const save = api({ method: ["POST", "PUT", "PATCH"] }, async (saved: Saved) => {});
export const watch = api.streamOut<Filter, Saved>({}, async (filter, stream) => {});
