import { Service } from "encore.dev/service";

const options = { middlewares: [] };

export default new Service("constant-options", options);
