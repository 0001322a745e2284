"""pymemcache as an application uses it. Usage: pymemcache_client.py HOST:PORT"""

import sys

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError, MemcacheIllegalInputError, MemcacheServerError, MemcacheUnknownError

host, port = sys.argv[1].split(":")
address = (host, int(port))

for client in (Client(address, default_noreply=False), PooledClient(address, default_noreply=False), HashClient([address], default_noreply=False)):
    client.delete_many(["a", "b", "c", "n", "new"])
    assert client.set("a", b"1") is True
    assert client.get("a") == b"1"
    assert client.get("none") is None
    assert client.set_many({"b": b"2", "c": b"3"}) == []
    assert client.get_many(["a", "b", "c", "none"]) == {"a": b"1", "b": b"2", "c": b"3"}
    assert client.add("a", b"x") is False and client.add("new", b"x") is True
    assert client.replace("a", b"1+") is True and client.replace("none", b"x") is False
    assert client.append("a", b">") is True and client.prepend("a", b"<") is True
    assert client.get("a") == b"<1+>"
    client.set("n", b"10")
    assert client.incr("n", 5) == 15 and client.decr("n", 20) == 0 and client.incr("none", 1) is None
    value, unique = client.gets("a")
    assert client.cas("a", b"new", unique) is True and client.cas("a", b"newer", unique) is False
    assert client.cas("none", b"x", unique) is None
    assert client.gets_many(["a", "b"])["b"][0] == b"2"
    assert client.touch("a", 100) is True and client.touch("none", 100) is False
    assert client.delete("a") is True and client.delete("a") is False
    assert client.set("gone", b"x", expire=-1) is True and client.get("gone") is None
    assert client.set("stays", b"x", expire=100) is True and client.get("stays") == b"x"

client = Client(address, default_noreply=False)
large = bytes(range(256)) * 3000
assert client.set("large", large) is True and client.get("large") == large
many = {f"many:{n}": str(n).encode() for n in range(500)}
assert client.set_many(many) == [] and client.get_many(list(many)) == many
assert client.delete_many(list(many)) is True and client.get_many(list(many)) == {}
assert client.set("quiet", b"x", noreply=True) is True and client.get("quiet") == b"x"
assert client.version()[:1].isdigit()
assert b"pid" in client.stats() and b"maxconns" in client.stats("settings")
assert client.raw_command(b"mg quiet v") == b"VA 1"  # the value line stays unread, so this connection ends here
client.close()


def fails(kind, call):
    try:
        call()
    except kind:
        return True
    return False


assert fails(MemcacheIllegalInputError, lambda: client.get("with space"))
assert fails(MemcacheIllegalInputError, lambda: client.get("k" * 251))
assert fails(MemcacheServerError, lambda: client.set("huge", b"x" * (2 << 20)))
assert client.get("huge") is None
assert fails(MemcacheClientError, lambda: client.incr("stays", 1))
assert fails((MemcacheUnknownError, MemcacheClientError), lambda: client.raw_command(b"bogus") == b"ERROR" and client._raise_errors(b"ERROR", b"bogus"))
assert client.flush_all() is True and client.get("stays") is None
