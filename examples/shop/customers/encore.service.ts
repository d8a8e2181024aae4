import { Service } from "encore.dev/service";

// This file makes the folder a service: everything below it runs as `customers` and gets only
// the permissions that `customers` uses.
export default new Service("customers");
