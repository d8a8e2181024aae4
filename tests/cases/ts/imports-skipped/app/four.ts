import { shout } from "../.shared/text";

export const loud = shout("nothing is declared there");
