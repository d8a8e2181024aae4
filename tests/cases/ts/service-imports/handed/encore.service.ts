import { Service } from "../shared/sdk";

export default new Service("handed");
