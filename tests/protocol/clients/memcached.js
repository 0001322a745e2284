// The npm package `memcached` as an application uses it. Usage: NODE_PATH=… node memcached.js HOST:PORT
const assert = require("node:assert");
const util = require("node:util");
const Memcached = require("memcached");

const cache = new Memcached(process.argv[2], { retries: 0, timeout: 5000, poolSize: 4, keyCompression: false });
const call = (name, ...parameters) => util.promisify(cache[name]).apply(cache, parameters);

async function main() {
  for (const key of ["a", "b", "c", "n", "new", "object"]) await call("del", key);
  assert.strictEqual(await call("set", "a", "1", 0), true);
  assert.strictEqual(await call("get", "a"), "1");
  assert.strictEqual(await call("get", "none"), undefined);
  await Promise.all([call("set", "b", "2", 0), call("set", "c", "3", 0)]);
  assert.deepStrictEqual({ ...(await call("getMulti", ["a", "b", "c", "none"])) }, { a: "1", b: "2", c: "3" });
  await assert.rejects(call("add", "a", "x", 0), /not stored/i);
  assert.strictEqual(await call("add", "new", "x", 0), true);
  assert.strictEqual(await call("replace", "a", "1+", 0), true);
  await assert.rejects(call("replace", "none", "x", 0), /not stored/i);
  assert.strictEqual(await call("append", "a", ">"), true);
  assert.strictEqual(await call("prepend", "a", "<"), true);
  assert.strictEqual(await call("get", "a"), "<1+>");
  await call("set", "n", 10, 0);
  assert.strictEqual(await call("incr", "n", 5), 15);
  assert.strictEqual(await call("decr", "n", 20), 0);
  assert.strictEqual(await call("incr", "none", 1), false);
  const { b, cas } = await call("gets", "b");
  assert.strictEqual(b, "2");
  assert.strictEqual(await call("cas", "b", "22", cas, 0), true);
  assert.strictEqual(await call("cas", "b", "23", cas, 0), false);
  assert.strictEqual(await call("touch", "a", 100), true);
  assert.strictEqual(await call("del", "a"), true);
  assert.strictEqual(await call("del", "a"), false);
  await call("set", "object", { list: [1, 2, 3] }, 100);
  assert.deepStrictEqual((await call("get", "object")).list, [1, 2, 3]);
  const large = "0123456789".repeat(90_000);
  await call("set", "large", large, 0);
  assert.strictEqual(await call("get", "large"), large);
  const names = Array.from({ length: 500 }, (_, n) => `many:${n}`);
  await Promise.all(names.map((name, n) => call("set", name, n, 0)));
  const many = await call("getMulti", names);
  assert.ok(names.every((name, n) => many[name] === n));
  await assert.rejects(call("set", "k".repeat(251), "x", 0), /longer than/i);
  await assert.rejects(call("incr", "object", 1), /non-numeric/i);
  assert.match((await call("version"))[0].version, /^\d+\.\d+/);
  assert.ok((await call("stats"))[0].pid);
  assert.ok((await call("settings"))[0].maxconns);
  await call("flush");
  assert.strictEqual(await call("get", "object"), undefined);
  cache.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
