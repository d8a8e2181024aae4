import { Service } from "encore.dev/service";

const service = new Service("exported-later");

export default service;
