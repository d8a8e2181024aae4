import { middleware } from "encore.dev/api";
import { Topic } from "encore.dev/pubsub";

export const audit = new Topic<{ path: string }>("audit", { deliveryGuarantee: "at-least-once" });

const options = { target: { tags: ["anything"] } };
export const unlisted = middleware(options, async (request, next) => next(request));
