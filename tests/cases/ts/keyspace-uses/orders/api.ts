import { allowed } from "../lib/limits";
import { tokens } from "../login/cache";

export const check = async () => [await allowed(), await tokens.get("a")];
