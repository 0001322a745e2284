// The npm package `memcached`, several connections. Usage: NODE_PATH=… node memcached.js HOST:PORT...
const util = require("node:util");
const Memcached = require("memcached");
const { MANY, TOO_LARGE, ask, say, figures, isPlain, play } = require("./transcript");

async function* conversation(address) {
  const cache = new Memcached(address, { retries: 0, timeout: 5000, poolSize: 4, keyCompression: false, maxValue: 4 << 20 });
  const call = (name, ...parameters) => util.promisify(cache[name]).apply(cache, parameters);
  const tell = (question, name, ...parameters) => ask(question, () => call(name, ...parameters));

  await tell("set", "set", "a", "1", 0);
  await tell("get", "get", "a");
  await tell("get of nothing", "get", "none");
  await ask("sets at once", () => Promise.all([call("set", "b", "2", 0), call("set", "c", "3", 0)]));
  await ask("getMulti", async () => ({ ...(await call("getMulti", ["a", "b", "c", "none"])) }));
  await tell("add to something", "add", "a", "x", 0);
  await tell("add", "add", "new", "x", 0);
  await tell("replace", "replace", "a", "1+", 0);
  await tell("replace of nothing", "replace", "none", "x", 0);
  await tell("append", "append", "a", ">");
  await tell("prepend", "prepend", "a", "<");
  await tell("append to nothing", "append", "none", "x");
  await tell("get of what was put together", "get", "a");
  await tell("set n", "set", "n", 10, 0);
  await tell("incr", "incr", "n", 5);
  await tell("decr below zero", "decr", "n", 20);
  await tell("incr of nothing", "incr", "none", 1);
  await tell("incr of a word", "incr", "a", 1);
  const { b, cas } = await call("gets", "b");
  say("gets", [b, /^\d{1,15}$/.test(cas) ? "a unique" : cas]);
  await tell("gets of nothing", "gets", "none");
  await tell("cas", "cas", "b", "22", cas, 0);
  await tell("cas that lost", "cas", "b", "23", cas, 0);
  await tell("cas of nothing", "cas", "none", "x", cas, 0);
  await tell("touch", "touch", "a", 100);
  await tell("touch of nothing", "touch", "none", 100);
  await tell("del", "del", "a");
  await tell("del of nothing", "del", "a");
  for (const [name, value] of [["number", 7], ["text", "é"], ["object", { list: [1, 2, 3] }], ["flag", true]]) {
    await tell(`set of a ${name}`, "set", name, value, 100);
    await tell(`get of a ${name}`, "get", name);
  }
  await tell("set of bytes", "set", "bytes", Buffer.from([0, 255, 13, 10]), 100);
  await tell("get of bytes", "get", "bytes");
  await tell("set of nothing", "set", "empty", "", 0);
  await tell("get of nothing", "get", "empty");
  await tell("set of a large value", "set", "large", "0123456789".repeat(90_000), 0);
  await tell("get of a large value", "get", "large");
  await tell("set with a key too long", "set", "k".repeat(251), "x", 0);
  await ask("set of many at once", async () => (await Promise.all(Object.entries(MANY).map(([key, value]) => call("set", key, value, 0)))).length);
  await ask("getMulti of many", async () => ({ ...(await call("getMulti", Object.keys(MANY))) }));
  await ask("gets one by one, at once", async () => (await Promise.all(Object.keys(MANY).map((key) => call("get", key)))).length);
  say("version", isPlain((await call("version"))[0].version) ? "digits and dots" : await call("version"));
  figures((await call("stats"))[0]);
  await ask("settings", async () => (await call("settings"))[0].maxconns > 0);
  await ask("slabs", async () => Array.isArray(await call("slabs")));
  await ask("items", async () => Array.isArray(await call("items")));
  await tell("set that is gone at once", "set", "gone", "x", -1);
  await tell("get of what is gone", "get", "gone");
  await tell("set for a second", "set", "second", "x", 1);
  yield;
  await tell("get after a second", "get", "second");
  await tell("flush_all", "flush");
  await tell("get after flush_all", "get", "object");
  cache.end();

  // A server that refuses a value is one that fails, to this client: the next calls do not ask it.
  const other = new Memcached(address, { retries: 0, timeout: 5000, maxValue: 4 << 20 });
  await ask("set of one too large", () => util.promisify(other.set).call(other, "large", TOO_LARGE, 0));
  other.end();
}

play(conversation).then(() => process.exit());
