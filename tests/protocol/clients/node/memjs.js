// The npm package `memjs`, binary protocol. Usage: NODE_PATH=… node memjs.js HOST:PORT...
const memjs = require("memjs");
const { MANY, LARGE, TOO_LARGE, ask, figures, play } = require("./transcript");

async function* conversation(address) {
  const cache = memjs.Client.create(address, { timeout: 5, conntimeout: 5, retries: 1, keepAlive: false });
  const tell = (question, name, ...parameters) => ask(question, () => cache[name](...parameters));
  // What memjs gives with a value is its flags and nothing of a unique.
  const get = (question, key) =>
    ask(question, async () => {
      const { value, flags } = await cache.get(key);
      return [value?.toString("latin1"), flags?.toString("hex")];
    });

  await tell("set", "set", "a", "1", {});
  await get("get", "a");
  await get("get of nothing", "none");
  await ask("sets at once", () => Promise.all([cache.set("b", "2", {}), cache.set("c", "3", {})]));
  await tell("add to something", "add", "a", "x", {});
  await tell("add", "add", "new", "x", {});
  await tell("replace", "replace", "a", "1+", {});
  await tell("replace of nothing", "replace", "none", "x", {});
  await tell("append", "append", "a", ">");
  await tell("prepend", "prepend", "a", "<");
  await tell("append to nothing", "append", "none", "x");
  await get("get of what was put together", "a");
  await tell("increment that begins it", "increment", "n", 5, { initial: 10 });
  await tell("increment", "increment", "n", 5, {});
  await tell("decrement below zero", "decrement", "n", 20, {});
  await tell("decrement that begins it", "decrement", "m", 5, { initial: 7, expires: 100 });
  await tell("increment of a word", "increment", "a", 1, {});
  await tell("touch", "touch", "a", 100);
  await tell("touch of nothing", "touch", "none", 100);
  await tell("delete", "delete", "a");
  await tell("delete of nothing", "delete", "a");
  await tell("set of bytes", "set", "bytes", Buffer.from([0, 255, 13, 10]), { expires: 100 });
  await get("get of bytes", "bytes");
  await tell("set of nothing", "set", "empty", "", {});
  await get("get of nothing", "empty");
  await tell("set of a large value", "set", "large", LARGE, {});
  await get("get of a large value", "large");
  await tell("set of one too large", "set", "large", TOO_LARGE, {});
  await get("get of what was too large", "large");
  await ask("set of many at once", async () => (await Promise.all(Object.entries(MANY).map(([key, value]) => cache.set(key, value, {})))).length);
  await ask("get of many at once", async () => {
    const found = await Promise.all(Object.keys(MANY).map((key) => cache.get(key)));
    return found.map(({ value }) => value.toString());
  });
  await ask("stats", () => new Promise((resolve) => cache.stats((error, server, stats) => (figures(stats ?? {}), resolve(error)))));
  await tell("set for a second", "set", "second", "x", { expires: 1 });
  yield;
  await get("get after a second", "second");
  await ask("flush_all", () => cache.flush());
  await get("get after flush_all", "bytes");
  cache.close();
}

play(conversation).then(() => process.exit());
