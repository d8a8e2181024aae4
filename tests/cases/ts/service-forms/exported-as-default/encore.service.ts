import { Service } from "encore.dev/service";

const service = new Service("exported-as-default");

export { service as default };
