import { shared } from "../lib/secrets";

export const key = () => shared();
