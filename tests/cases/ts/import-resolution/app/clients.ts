import { app } from "~encore/clients";
import { getAuthData } from "~encore/auth";

export const call = async () => (getAuthData() ? app.ping() : undefined);
