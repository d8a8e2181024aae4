import { logins } from "../login/cache";

export const allowed = () => logins.get("a");
