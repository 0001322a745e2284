// How a client in JavaScript tells what it was answered; as python/transcript.py does. A conversation is an asynchronous
// generator that yields once, where time passes.
const crypto = require("node:crypto");
const util = require("node:util");

const MANY = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`many:${"x".repeat(80)}:${n}`, `value ${n}`]));
const LARGE = Buffer.concat(Array(3500).fill(Buffer.from(Array.from({ length: 256 }, (_, n) => n))));
const TOO_LARGE = "x".repeat(2 << 20);
const STATS = "pid uptime time version curr_connections cmd_get cmd_set get_hits get_misses bytes_read bytes_written".split(" ");

function say(question, answer) {
  const options = { maxArrayLength: null, maxStringLength: null, sorted: true, breakLength: Infinity, depth: null };
  let text = util.inspect(answer, options).replace(/127\.0\.0\.1:\d+/g, "SERVER");
  if (text.length > 240) text = `${text.length} characters, ${crypto.createHash("md5").update(text).digest("hex")}`;
  console.log(`${question}: ${text}`);
}

/** Says the answer, or how it was refused, and gives it back. */
async function ask(question, call) {
  try {
    const answer = await call();
    say(question, answer);
    return answer;
  } catch (refusal) {
    say(`${question}, refused`, refusal?.message ?? refusal);
  }
}

const isPlain = (version) => /^\d+(\.\d+)+$/.test(version);

/** Which of the figures that everybody reads are there, and whether the version is digits and dots. */
function figures(stats) {
  say("stats", STATS.filter((name) => name in stats));
  say("version", isPlain(String(stats.version)) ? "digits and dots" : stats.version);
}

async function play(conversation) {
  const addresses = process.argv.slice(2);
  const open = [];
  for (const [number, address] of addresses.entries()) {
    console.log(`== ${number}`);
    open.push(conversation(address));
    await open[number].next();
  }
  if (open.length) await new Promise((resolve) => setTimeout(resolve, 2500));
  for (const [number, rest] of open.entries()) {
    console.log(`== ${number}`);
    await rest.next();
  }
}

module.exports = { MANY, LARGE, TOO_LARGE, ask, say, figures, isPlain, play };
