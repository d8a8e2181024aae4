import { middleware } from "encore.dev/api";
import { Service } from "encore.dev/service";

const timed = middleware({ target: { expose: true, tags: ["slow"] } }, async (req, next) => next(req));

export default new Service("guarded", { middlewares: [timed] });
