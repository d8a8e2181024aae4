import { api } from "encore.dev/api";

interface In {
  text: string;
}
interface Out {
  text: string;
}
const handler: any = async () => {};

export const noTypes = api.streamIn({}, async (stream) => {});
export const bothOne = api.streamInOut<In>({}, async (stream) => {});
export const bothThree = api.streamInOut<In, In, Out>({}, async (stream) => {});
export const helloMissing = api.streamInOut<In, Out>({}, async (hello, stream) => {});
export const inThree = api.streamIn<In, In, Out>({}, async (stream) => {});
export const inHello = api.streamIn<In>({}, async (hello, stream) => {});
export const outTwo = api.streamOut<In, Out>({}, async (stream) => {});
export const outHello = api.streamOut<Out>({}, async (hello, stream) => {});
export const outNamed = api.streamOut<In, Out>({}, handler);
export const textOut = api.streamOut<string>({}, async (stream) => {});
export const listIn = api.streamIn<In[]>({}, async (stream) => {});
export const noHello = api.streamOut<Out>({ path: "/rooms/:room" }, async (stream) => {});
export const otherHello = api.streamOut<In, Out>({ path: "/other/:room" }, async (hello, stream) => {});
export const noHandler = api.streamOut<Out>({});
