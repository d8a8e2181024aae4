import { Gateway, api } from "encore.dev/api";
import { auth } from "./auth";

const authHandler = auth;
const copy = auth;
const text = "auth";
const endpoint = api({}, async () => {});
const make = () => auth;

export const shorthand = new Gateway({ authHandler });
export const copied = new Gateway({ authHandler: copy });
export const called = new Gateway({ authHandler: make() });
export const string = new Gateway({ authHandler: text });
export const other = new Gateway({ authHandler: endpoint });
export const unknown = new Gateway({ authhandler: auth });
export const noOptions = new Gateway();
