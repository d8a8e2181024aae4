import { shout } from "./helper";

export const loud = shout("nothing is lost here");
