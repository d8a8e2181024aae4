import { Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Params {
  token: Header<"Authorization">;
}
interface Data {
  userID: string;
}

export const auth = authHandler<Params, Data>(async (params) => ({ userID: "1" }));
