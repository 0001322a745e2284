"""pylibmc, that is libmemcached, as an application uses it. Usage: pylibmc_client.py HOST:PORT"""

import sys

import pylibmc

for behaviors in ({"cas": True}, {"cas": True, "tcp_nodelay": True, "no_block": True}, {"cas": True, "ketama": True, "remove_failed": 1}):
    client = pylibmc.Client([sys.argv[1]], behaviors=behaviors)
    client.delete_multi(["a", "b", "c", "n", "new"])
    assert client.set("a", "1") and client.get("a") == "1"
    assert client.get("none") is None
    assert client.set_multi({"b": 2, "c": 3}) == [] and client.get_multi(["a", "b", "c", "none"]) == {"a": "1", "b": 2, "c": 3}
    assert not client.add("a", "x") and client.add("new", "x")
    assert client.replace("a", "1+") and not client.replace("none", "x")
    assert client.append("a", ">") and client.prepend("a", "<") and client.get("a") == "<1+>"
    client.set("n", 10)
    assert client.incr("n", 5) == 15 and client.decr("n", 20) == 0
    try:
        client.incr("none")
        raise AssertionError("incr of an unknown key must fail")
    except pylibmc.NotFound:
        pass
    value, unique = client.gets("b")
    assert client.cas("b", 22, unique) and not client.cas("b", 23, unique)
    assert client.touch("a", 100)
    assert client.delete("a") and not client.delete("a")
    large = "0123456789" * 90_000
    assert client.set("large", large) and client.get("large") == large
    many = {f"many:{n}": n for n in range(500)}
    assert client.set_multi(many) == [] and client.get_multi(list(many)) == many
    assert client.delete_multi(list(many)) and client.get_multi(list(many)) == {}
    try:
        client.set("huge", "x" * (2 << 20))
        raise AssertionError("a value of 2 MiB must fail")
    except pylibmc.Error:
        pass
    assert client.get("huge") is None
    try:
        client.set("k" * 251, "x")
        raise AssertionError("a key of 251 bytes must fail")
    except (pylibmc.Error, ValueError):
        pass
    assert client.get_stats()[0][1]["pid"]
    assert client.flush_all() and client.get("large") is None
