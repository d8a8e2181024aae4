import { Service } from "encore.dev/service";
import { Service, type ServiceConfig } from "encore.dev/service";

// Encore resolves no names for a service.
export default new Service("shop");
