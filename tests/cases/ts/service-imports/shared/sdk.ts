export { Service } from "encore.dev/service";
