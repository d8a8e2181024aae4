import { Service } from "encore.dev/service";

export const service = new Service("variable");
