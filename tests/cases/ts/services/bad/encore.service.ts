import { Service } from "encore.dev/service";

export const bad = new Service("bad");
