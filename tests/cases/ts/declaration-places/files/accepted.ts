import { api } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";
import { Header } from "encore.dev/api";
import { Bucket } from "encore.dev/storage/objects";

{
  const files = new Bucket("in-braces");
}

if (process.env.FILES) new Bucket("bare-in-if");

function bare() {
  new Bucket("bare-in-function");
}

function returned() {
  return new Bucket("returned");
}

class Store {
  constructor(readonly files = new Bucket("default-of-a-parameter")) {}
}

// Encore gives these the name of the variable that holds the function.
const lent = () => api({ expose: true }, async () => {});
const check = () =>
  authHandler<{ token: Header<"Token"> }, { userID: string }>(async () => ({ userID: "1" }));

export const all = [bare, returned, lent, check, Store];
