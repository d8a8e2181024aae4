export { placed as orderPlaced } from "./topics";
export * from "./star";
