import { Service } from "encore.dev/service";

export default new Service("unknown-option", { middleware: [] });
