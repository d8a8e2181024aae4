import { Publisher, Topic } from "encore.dev/pubsub";
import { announce, changed, untyped } from "../shared/topics";

type Both = Publisher<typeof changed> & Topic<object>;

export async function use(send: (topic: unknown) => void) {
  await announce("1");
  await changed.publish({ id: "1", value: 2 });
  await changed?.publish({ id: "1", value: 2 });
  await (changed).publish({ id: "1", value: 2 });
  send(changed);
  console.log(changed.name);
  const copy = changed;
  return [copy, { changed }, changed.ref(), changed.ref<Both>(), untyped.ref<Publisher | Both>()];
}
