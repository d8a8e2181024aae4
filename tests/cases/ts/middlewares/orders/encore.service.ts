import { middleware } from "encore.dev/api";
import { Service } from "encore.dev/service";
import { audit } from "./audit";

const all = middleware(async (request, next) => next(request));
const some = middleware(
  { target: { expose: true, auth: false, isRaw: false, isStream: false, tags: ["slow"] } },
  async (request, next) => {
    await audit.publish({ path: "/" });
    return next(request);
  },
);

export default new Service("orders", { middlewares: [all, some] });
