export { placed as again } from "./resources";
