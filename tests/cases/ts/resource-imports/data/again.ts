import { ratings } from "./databases";

export { ratings };
