import { app } from "~encore/clients";

export const call = () => app.ping();
