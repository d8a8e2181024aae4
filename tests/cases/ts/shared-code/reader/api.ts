import { audit } from "../lib/audit";

export const read = () => audit(async () => 1);
