import { api } from "encore.dev/api";
import { Orders, mail_v2 } from "~encore/clients";

export const home = api({ expose: true }, async () => {
  await Orders.list();
  await mail_v2.send();
});
