import { Service } from "encore.dev/service";

export default new Service("twice");
new Service("again");
