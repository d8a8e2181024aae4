import { Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Params {
  token: Header<"Authorization">;
}
export const auth = authHandler<Params, { userID: string }>(async () => ({ userID: "1" }));
