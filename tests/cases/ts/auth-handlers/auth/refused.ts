import { Header } from "encore.dev/api";
import { authHandler } from "encore.dev/auth";

interface Params {
  token: Header<"Authorization">;
}
interface Data {
  userID: string;
}
interface Plain {
  token: string;
}
interface Mixed extends Params {
  user: number;
}
const handler = async (params: Params): Promise<Data> => ({ userID: "1" });

authHandler<Params, Data>(handler);
export default authHandler<Params, Data>(handler);
export const noFunction = authHandler<Params, Data>();
export const named = authHandler(handler);
export const noParameterType = authHandler(async (params): Promise<Data> => ({ userID: "1" }));
export const noParameter = authHandler(async (): Promise<Data> => ({ userID: "1" }));
export const noResultType = authHandler(async (params: Params) => ({ userID: "1" }));
export const onlyOneType = authHandler<Params>(async (params: Params) => ({ userID: "1" }));
export const plain = authHandler<Plain, Data>(handler);
export const mixed = authHandler<Mixed, Data>(handler);
export const text = authHandler<string, Data>(handler);
export const record = authHandler<Record<string, string>, Data>(handler);
export const generic = authHandler(async <T>(params: Params): Promise<Data> => ({ userID: "1" }));
