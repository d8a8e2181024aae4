export { report as monthly } from "./endpoints";
