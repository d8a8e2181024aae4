import { Service } from "encore.dev/service";

const NAME = "orders";

export default new Service(NAME);
