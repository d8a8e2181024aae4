export { paid } from "./topics";
