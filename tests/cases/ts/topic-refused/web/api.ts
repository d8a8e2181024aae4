import { placed } from "./topics";

const copy = placed;

export function use(send: (topic: unknown) => void) {
  send(placed);
  send(placed.name);
  placed?.publish({ id: "1" });
  placed!.publish({ id: "2" });
  (placed).publish({ id: "3" });
  send({ placed });
  send([placed]);
  placed();
  send(copy);
  send(placed.publish.bind(placed));
  return placed;
}
