import { api } from "encore.dev/api";

interface Message {
  text: string;
}
const handlers = { list: async () => {} };
function make(): any {
  return handlers.list;
}

export const typed = api({}, async () => {});
export const raw = api.raw({}, async (request, response) => response.end());
export const streamIn = api.streamIn<Message>({}, async (stream) => {});
export const streamOut = api.streamOut<Message>({}, async (stream) => {});
export const streamInOut = api.streamInOut<Message, Message>({}, async (stream) => {});
export const files = api.static({ path: "/files/*path", dir: "./files" });

const unexported = api({}, async () => {});
let changing = api({}, async () => {});
export const named = api({}, handlers.list);
export const called = api({}, make());
export const written = api({}, async function () {});
export const more = api({}, async () => {}, "ignored");
const _ = api({}, async () => {});
export const held = { inside: api({}, async () => {}) };
