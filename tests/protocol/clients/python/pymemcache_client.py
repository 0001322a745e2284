"""pymemcache, text protocol: its three clients. Usage: pymemcache_client.py HOST:PORT..."""

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.serde import pickle_serde

from transcript import LARGE, MANY, TOO_LARGE, ask, figures, play, unique, version


def usual(client):
    ask("set", client.set, "a", b"1")
    ask("get", client.get, "a")
    ask("get of nothing", client.get, "none")
    ask("get with a default", client.get, "none", b"default")
    ask("set_many", client.set_many, {"b": b"2", "c": b"3"})
    ask("get_many", client.get_many, ["a", "b", "c", "none"])
    ask("add to something", client.add, "a", b"x")
    ask("add", client.add, "new", b"x")
    ask("replace", client.replace, "a", b"1+")
    ask("replace of nothing", client.replace, "none", b"x")
    ask("append", client.append, "a", b">")
    ask("prepend", client.prepend, "a", b"<")
    ask("append to nothing", client.append, "none", b"x")
    ask("get of what was put together", client.get, "a")
    ask("set n", client.set, "n", b"10")
    ask("incr", client.incr, "n", 5)
    ask("decr below zero", client.decr, "n", 20)
    ask("get of zero", client.get, "n")
    ask("incr of nothing", client.incr, "none", 1)
    ask("decr of nothing", client.decr, "none", 1)
    ask("set to the last number", client.set, "n", b"18446744073709551615")
    ask("incr beyond the last number", client.incr, "n", 1)
    ask("incr of a word", client.incr, "a", 1)
    value, cas = client.gets("a")
    unique("gets", cas)
    ask("gets of nothing", client.gets, "none")
    ask("cas", client.cas, "a", b"new", cas)
    ask("cas that lost", client.cas, "a", b"newer", cas)
    ask("cas of nothing", client.cas, "none", b"x", cas)
    ask("get after cas", client.get, "a")
    many = client.gets_many(["a", "b", "none"])
    ask("gets_many", lambda: {key: value for key, (value, _) in many.items()})
    ask("touch", client.touch, "a", 100)
    ask("touch of nothing", client.touch, "none", 100)
    ask("delete", client.delete, "a")
    ask("delete of nothing", client.delete, "a")
    ask("set that is gone at once", client.set, "gone", b"x", expire=-1)
    ask("get of what is gone", client.get, "gone")
    ask("set until 2033", client.set, "stays", b"x", expire=2_000_000_000)
    ask("get of what stays", client.get, "stays")
    ask("flags", client.set, "flags", b"x", flags=65_535)
    ask("noreply", client.set, "quiet", b"x", noreply=True)
    ask("get after noreply", client.get, "quiet")
    ask("delete_many", client.delete_many, ["b", "c", "n", "new", "none"])
    ask("get_many of nothing", client.get_many, ["b", "c"])


def at_limits(client):
    ask("set of nothing", client.set, "empty", b"")
    ask("get of nothing", client.get, "empty")
    ask("set of a large value", client.set, "large", LARGE)
    ask("get of a large value", client.get, "large")
    ask("set of one too large", client.set, "large", TOO_LARGE)
    ask("get of what was too large", client.get, "large")
    ask("set with the longest key", client.set, "k" * 250, b"x")
    ask("get with the longest key", client.get, "k" * 250)
    ask("get with a key too long", client.get, "k" * 251)
    ask("get with a space", client.get, "with space")
    ask("set_many of many", client.set_many, {key: value.encode() for key, value in MANY.items()})
    ask("get_many of many", client.get_many, list(MANY))
    ask("gets_many of many", lambda: len(client.gets_many(list(MANY))))
    ask("delete_many of many", client.delete_many, list(MANY))
    ask("get_many of nothing", client.get_many, list(MANY))


def about_it(client):
    version("version", client.version())
    figures("stats", client.stats())
    ask("stats settings", lambda: client.stats("settings")[b"maxconns"] > 0)
    ask("stats items", lambda: all(key.startswith(b"items:") for key in client.stats("items")))
    ask("stats slabs", lambda: client.stats("slabs")[b"active_slabs"] >= 0)
    ask("no such command", client.raw_command, b"bogus", b"\r\n")
    ask("mn", client.raw_command, b"mn", b"\r\n")
    ask("verbosity", client.raw_command, b"verbosity 0", b"\r\n")
    ask("get with a negative count", client.raw_command, b"set a 0 0 -1", b"\r\n")
    ask("still in step", client.get, "stays")
    ask("flush_all, later", client.flush_all, delay=1000)
    ask("not gone", client.get, "stays")


def conversation(address):
    host, port = address.split(":")
    where = (host, int(port))
    for kind in (Client, PooledClient, HashClient):
        print(kind.__name__)
        usual(kind(where if kind is not HashClient else [where], default_noreply=False))
    client = Client(where, default_noreply=False)
    at_limits(client)
    about_it(client)
    typed = Client(where, serde=pickle_serde, default_noreply=False)
    for name, value in (("number", 7), ("text", "é"), ("object", {"list": [1, 2, 3]})):
        ask(f"set of a {name}", typed.set, name, value)
        ask(f"get of a {name}", typed.get, name)
    ask("set until 2096, which is in the past there", typed.set, "past", 1, expire=4_000_000_000)
    ask("get of what is past", typed.get, "past")
    ask("set for a second", client.set, "second", b"x", expire=1)
    yield
    ask("get after a second", client.get, "second")
    ask("add after a second", client.add, "second", b"y")
    ask("flush_all", client.flush_all)
    ask("get after flush_all", client.get, "stays")


if __name__ == "__main__":
    play(conversation)
