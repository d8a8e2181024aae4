import { Service } from "encore.dev/service";

new Service("statement");
