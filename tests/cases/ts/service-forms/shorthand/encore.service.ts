import { Service } from "encore.dev/service";

const middlewares = [] as never[];

export default new Service("shorthand", { middlewares });
