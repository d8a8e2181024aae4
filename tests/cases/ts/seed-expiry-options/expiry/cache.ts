import {
  CacheCluster,
  StringKeyspace,
  expireIn, // milliseconds
  expireInSeconds,
  expireInMinutes,
  expireInHours,
  expireDailyAt, // specific UTC time each day
  neverExpire,
  keepTTL, // keep existing TTL when updating
} from "encore.dev/storage/cache";

const cluster = new CacheCluster("my-cache", { evictionPolicy: "volatile-ttl" });

interface Key {
  id: string;
}

const moment = new StringKeyspace<Key>(cluster, {
  keyPattern: "moment/:id",
  defaultExpiry: expireIn(250),
});
const seconds = new StringKeyspace<Key>(cluster, {
  keyPattern: "seconds/:id",
  defaultExpiry: expireInSeconds(30),
});
const minutes = new StringKeyspace<Key>(cluster, {
  keyPattern: "minutes/:id",
  defaultExpiry: expireInMinutes(5),
});
const hours = new StringKeyspace<Key>(cluster, {
  keyPattern: "hours/:id",
  defaultExpiry: expireInHours(12),
});
const today = new StringKeyspace<Key>(cluster, {
  keyPattern: "today/:id",
  defaultExpiry: expireDailyAt(0, 0, 0),
});
const forever = new StringKeyspace<Key>(cluster, {
  keyPattern: "forever/:id",
  defaultExpiry: neverExpire,
});
const steady = new StringKeyspace<Key>(cluster, {
  keyPattern: "steady/:id",
  defaultExpiry: keepTTL,
});

export const all = { moment, seconds, minutes, hours, today, forever, steady };
