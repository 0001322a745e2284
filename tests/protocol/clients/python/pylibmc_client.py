"""pylibmc, that is libmemcached. Usage: pylibmc_client.py text|binary HOST:PORT..."""

import sys

import pylibmc

from transcript import LARGE, MANY, TOO_LARGE, ask, figures, play, unique, version

BINARY = len(sys.argv) > 1 and sys.argv.pop(1) == "binary"
WAYS = (
    {"cas": True},
    {"cas": True, "tcp_nodelay": True, "no_block": True},
    {"cas": True, "ketama": True, "remove_failed": 1},
)


def usual(client):
    ask("set", client.set, "a", "1")
    ask("get", client.get, "a")
    ask("get of nothing", client.get, "none")
    ask("set_multi", client.set_multi, {"b": 2, "c": 3})
    ask("get_multi", client.get_multi, ["a", "b", "c", "none"])
    ask("add to something", client.add, "a", "x")
    ask("add", client.add, "new", "x")
    ask("add_multi", client.add_multi, {"a": "x", "newer": "x"})
    ask("replace", client.replace, "a", "1+")
    ask("replace of nothing", client.replace, "none", "x")
    ask("append", client.append, "a", ">")
    ask("prepend", client.prepend, "a", "<")
    ask("append to nothing", client.append, "none", "x")
    ask("get of what was put together", client.get, "a")
    ask("set n", client.set, "n", 10)
    ask("incr", client.incr, "n", 5)
    ask("decr below zero", client.decr, "n", 20)
    ask("incr of nothing", client.incr, "none")
    ask("incr_multi", client.incr_multi, ["n", "none"], delta=3)
    value, cas = client.gets("b")
    unique("gets", cas)
    ask("gets of nothing", client.gets, "none")
    ask("cas", client.cas, "b", 22, cas)
    ask("cas that lost", client.cas, "b", 23, cas)
    ask("cas of nothing", client.cas, "none", 1, cas)
    if not BINARY:  # there libmemcached waits 5 seconds for more than memcached says
        ask("touch", client.touch, "a", 100)
        ask("touch of nothing", client.touch, "none", 100)
    ask("delete", client.delete, "a")
    ask("delete of nothing", client.delete, "a")
    for name, value in (("number", 7), ("text", "é"), ("object", {"list": [1, 2, 3]}), ("flag", True)):
        ask(f"set of a {name}", client.set, name, value)
        ask(f"get of a {name}", client.get, name)
    ask("compressed", client.set, "compressed", "0123456789" * 1000, min_compress_len=100)
    ask("get of what was compressed", client.get, "compressed")
    ask("delete_multi", client.delete_multi, ["b", "c", "n", "new", "newer"])


def at_limits(client):
    ask("set of nothing", client.set, "empty", "")
    ask("get of nothing", client.get, "empty")
    ask("set of a large value", client.set, "large", LARGE)
    ask("get of a large value", client.get, "large")
    ask("set of one too large", client.set, "large", TOO_LARGE)
    ask("get of what was too large", client.get, "large")
    ask("set with a key too long", client.set, "k" * 251, "x")
    ask("set_multi of many", client.set_multi, MANY)
    ask("get_multi of many", client.get_multi, list(MANY))
    ask("delete_multi of many", client.delete_multi, list(MANY))
    ask("get_multi of nothing", client.get_multi, list(MANY))


def refused(client):
    """What libmemcached takes for a server that fails, at least in binary; it then leaves it alone for a while. In text the
    bytes behind a space are another command: this client hears one answer too many. So each has a client of its own."""
    word = client()
    ask("incr of a word", word.incr, "text")
    ask("get afterwards", word.get, "text")
    ask("set with the longest key", client().set, "k" * 250, "x")
    ask("get with the longest key", client().get, "k" * 250)
    ask("set with a space", client().set, "with space", "x")


def conversation(address):
    for behaviors in WAYS:
        client = pylibmc.Client([address], binary=BINARY, behaviors=behaviors)
        print(sorted(behaviors))
        usual(client)
    client = pylibmc.Client([address], binary=BINARY, behaviors={"cas": True})
    at_limits(client)
    refused(lambda: pylibmc.Client([address], binary=BINARY))
    quiet = pylibmc.Client([address], binary=BINARY, behaviors={"_noreply": True})
    ask("set without an answer", quiet.set, "quiet", "x")
    ask("get after no answer", quiet.get, "quiet")
    figures("stats", client.get_stats()[0][1])
    version("version", client.get_stats()[0][1]["version"])
    ask("stats settings", lambda: int(client.get_stats("settings")[0][1]["maxconns"]) > 0)
    ask("set that is gone at once", client.set, "gone", "x", time=-1)
    ask("get of what is gone", client.get, "gone")
    ask("set for a second", client.set, "second", "x", time=1)
    yield
    ask("get after a second", client.get, "second")
    ask("flush_all", client.flush_all)
    ask("get after flush_all", client.get, "object")


if __name__ == "__main__":
    play(conversation)
