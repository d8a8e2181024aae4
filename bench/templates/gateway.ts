import { Gateway, type Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Credentials {
  authorization: Header<"Authorization">;
}

export const auth = authHandler<Credentials, { userID: string }>(async ({ authorization }) => {
  const [scheme, token] = authorization.split(" ");
  return scheme === "Bearer" && token.length > 20 ? { userID: token.slice(0, 8) } : null;
});

export const gateway = new Gateway({ authHandler: auth });
