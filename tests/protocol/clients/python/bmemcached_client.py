"""python-binary-memcached, binary protocol: its two clients. Usage: bmemcached_client.py HOST:PORT..."""

import bmemcached

from transcript import LARGE, MANY, TOO_LARGE, ask, figures, play, unique, version


def conversation(address):
    for kind in (bmemcached.Client, bmemcached.DistributedClient):
        print(kind.__name__)
        client = kind((address,))
        ask("set", client.set, "a", "1")
        ask("get", client.get, "a")
        ask("get of nothing", client.get, "none")
        ask("set_multi", client.set_multi, {"b": "2", "c": "3"})
        ask("get_multi", client.get_multi, ["a", "b", "c", "none"])
        ask("add to something", client.add, "a", "x")
        ask("add", client.add, "new", "x")
        ask("replace", client.replace, "a", "1+")
        ask("replace of nothing", client.replace, "none", "x")
        ask("incr of nothing begins it", client.incr, "n", 5, default=10, time=100)
        ask("incr", client.incr, "n", 5)
        ask("decr below zero", client.decr, "n", 20)
        ask("decr of nothing begins it", client.decr, "m", 5, default=7)
        ask("incr of nothing that may not begin", client.incr, "none", 1, time=0xFFFFFFFF)
        ask("incr of a word", client.incr, "a", 1)
        value, cas = client.gets("b")
        unique("gets", cas)
        ask("gets of nothing", client.gets, "none")
        ask("cas", client.cas, "b", "22", cas)
        ask("cas that lost", client.cas, "b", "23", cas)
        ask("cas of nothing", client.cas, "none", "x", cas)
        stored, cas = client.set("d", "4", get_cas=True)
        unique("the unique of a set", cas)
        ask("delete that lost", client.delete, "d", cas=cas + 1)
        ask("delete with the unique", client.delete, "d", cas=cas)
        ask("delete", client.delete, "a")
        ask("delete of nothing", client.delete, "a")
        for name, value in (("number", 7), ("text", "é"), ("object", {"list": [1, 2, 3]}), ("flag", True)):
            ask(f"set of a {name}", client.set, name, value)
            ask(f"get of a {name}", client.get, name)
        ask("compressed", client.set, "compressed", "0123456789" * 1000, compress_level=6)
        ask("get of what was compressed", client.get, "compressed")
        ask("delete_multi", client.delete_multi, ["b", "c", "n", "m", "new"])
    ask("set of nothing", client.set, "empty", "")
    ask("get of nothing", client.get, "empty")
    ask("set of a large value", client.set, "large", LARGE, compress_level=0)
    ask("get of a large value", client.get, "large")
    ask("set of one too large", client.set, "large", TOO_LARGE, compress_level=0)
    ask("get of what was too large", client.get, "large")
    ask("set with the longest key", client.set, "k" * 250, "x")
    ask("set with a key too long", client.set, "k" * 251, "x")
    ask("still in step", client.get, "number")
    ask("set_multi of many", client.set_multi, MANY)
    ask("get_multi of many", client.get_multi, list(MANY))
    ask("delete_multi of many", client.delete_multi, list(MANY))
    ask("get_multi of nothing", client.get_multi, list(MANY))
    stats = next(iter(client.stats().values()))
    figures("stats", stats)
    version("version", stats["version"])
    ask("set until 2033", client.set, "stays", "x", time=2_000_000_000)
    ask("set for a second", client.set, "second", "x", time=1)
    yield
    ask("get after a second", client.get, "second")
    ask("get of what stays", client.get, "stays")
    ask("flush_all", client.flush_all)
    ask("get after flush_all", client.get, "object")
    client.disconnect_all()


if __name__ == "__main__":
    play(conversation)
