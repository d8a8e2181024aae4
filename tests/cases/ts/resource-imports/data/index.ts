export { carts } from "./databases";
