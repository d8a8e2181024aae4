import { api } from "encore.dev/api";

interface Hello {
  room: string;
}
interface In {
  text: string;
}
interface Out {
  text: string;
}
const handler: any = async () => {};

export const both = api.streamInOut<In, Out>({}, async (stream) => {});
export const bothHello = api.streamInOut<Hello, In, Out>(
  { path: "/both/:room" },
  async (hello, stream) => {},
);
export const incoming = api.streamIn<In>({}, async (stream) => {});
export const incomingResult = api.streamIn<In, Out>({}, async (stream) => ({ text: "" }));
export const incomingHello = api.streamIn<Hello, In>({}, async (hello, stream) => {});
export const incomingAll = api.streamIn<Hello, In, Out>({}, async (hello, stream) => ({ text: "" }));
export const outgoing = api.streamOut<Out>({}, async (stream) => {});
export const outgoingHello = api.streamOut<Hello, Out>({}, async (hello, stream) => {});
export const named = api.streamOut<Out>({}, handler);
export const noParameters = api.streamOut<Out>({}, async () => {});
