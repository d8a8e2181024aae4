import { Gateway, Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Params {
  token: Header<"Authorization">;
}
interface Data {
  userID: string;
}

export const auth = authHandler<Params, Data>(async () => ({ userID: "1" }));
export const gateway = new Gateway({ authHandler: auth });
