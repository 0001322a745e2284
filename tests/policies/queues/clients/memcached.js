// A queue by the npm package `memcached`. Usage: NODE_PATH=… node FILE HOST:PORT
const util = require("node:util");
const Memcached = require("memcached");

const client = () => new Memcached(process.argv[2], { poolSize: 1, retries: 0, timeout: 10000 });
const call = (of, name, ...parameters) => util.promisify(of[name]).apply(of, parameters);
const get = async (of) => console.log((await call(of, "get", "mail")) ?? "nothing");
const done = async (of) => console.log((await call(of, "del", "mail")) ? "done" : "not done");

(async () => {
  const first = client();
  for (const message of ["one", "two"]) await call(first, "set", "mail", message, 0);
  await get(first);
  await get(first);
  await done(first);
  await get(first);
  first.end();
  const second = client();
  const end = Date.now() + 10000;
  let message;
  while (message === undefined && Date.now() < end) message = await call(second, "get", "mail");
  console.log(message ?? "nothing");
  await done(second);
  await get(second);
  await done(second);
  second.end();
})();
