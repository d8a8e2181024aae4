import { secret } from "encore.dev/config";

export const shared = secret("Shared");
