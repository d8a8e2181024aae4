import { Service } from "encore.dev/service";
import { staffOnly } from "../shared/staff";

export default new Service("catalog", { middlewares: [staffOnly] });
