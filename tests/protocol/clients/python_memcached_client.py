"""python-memcached as an application uses it. Usage: python_memcached_client.py HOST:PORT"""

import sys

import memcache

client = memcache.Client([sys.argv[1]], debug=0, cache_cas=True)

client.delete_multi(["a", "b", "c", "n", "new", "object"])
assert client.set("a", "1") and client.get("a") == "1"
assert client.get("none") is None
assert client.set_multi({"b": "2", "c": "3"}) == []
assert client.get_multi(["a", "b", "c", "none"]) == {"a": "1", "b": "2", "c": "3"}
assert client.set_multi({"x": 1, "y": 2}, key_prefix="pre:") == []
assert client.get_multi(["x", "y"], key_prefix="pre:") == {"x": 1, "y": 2}
assert not client.add("a", "x") and client.add("new", "x")
assert client.replace("a", "1+") and not client.replace("none", "x")
assert client.append("a", ">") and client.prepend("a", "<") and client.get("a") == "<1+>"
assert client.set("n", 10) and client.incr("n", 5) == 15 and client.decr("n", 20) == 0
assert client.incr("none") is None
assert client.gets("b") == "2" and client.cas("b", "2+")
client.gets("b")
assert client.set("b", "3") and not client.cas("b", "2++")
assert client.touch("a", 100) and client.get("a") == "<1+>"
assert client.delete("a") == 1 and client.get("a") is None
client.delete("a")  # what it answers for a missing key differs between its versions
assert client.get("b") == "2+" or client.get("b") == "3"
assert client.set("object", {"list": [1, 2, 3], "text": "é"}) and client.get("object")["list"] == [1, 2, 3]
assert client.set("gone", "x", time=-1) and client.get("gone") is None
large = "0123456789" * 90_000
assert client.set("large", large) and client.get("large") == large
many = {f"many:{n}": n for n in range(500)}
assert client.set_multi(many) == [] and client.get_multi(list(many)) == many
assert client.delete_multi(list(many)) == 1 and client.get_multi(list(many)) == {}
assert client.get_stats()[0][1]["pid"].isdigit()
assert client.get_stats("settings")[0][1]["maxconns"].isdigit()


def fails(kind, call):
    try:
        call()
    except kind:
        return True
    return False


assert fails(memcache.Client.MemcachedKeyLengthError, lambda: client.set("k" * 251, "x"))
assert fails(memcache.Client.MemcachedKeyCharacterError, lambda: client.set("with space", "x"))
assert not client.set("huge", "x" * (2 << 20)) and client.get("huge") is None
client.flush_all()
assert client.get("object") is None
