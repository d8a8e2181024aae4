import { Service } from "encore.dev/service";

export default new Service("stock v2");
