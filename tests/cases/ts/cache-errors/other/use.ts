import { inline } from "../cached/cache";

export const use = () => inline.get("1");
