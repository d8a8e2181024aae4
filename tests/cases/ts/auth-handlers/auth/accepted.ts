import { Cookie, Header, Query } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Params {
  token?: Header<"Authorization">;
  key: Query<"key">;
  name: Query;
  session: Cookie<"session">;
}
interface Data {
  userID: string;
}

export const auth = authHandler<Params, Data>(async (params) => ({ userID: params.key }));
