import { db } from "../infra/resources";

export async function audit(f: () => Promise<unknown>) {
  await db.exec`INSERT INTO audit DEFAULT VALUES`;
  return f();
}
export const unused = 1;
