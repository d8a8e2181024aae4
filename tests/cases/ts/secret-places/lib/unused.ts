import { secret } from "encore.dev/config";

export const unused = secret("Unused");
