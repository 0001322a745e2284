"""meta-memcache-py, meta protocol: keys of any bytes, leases, stale values, low-level flags. Usage: meta_memcache_client.py
HOST:PORT..."""

import logging

from meta_memcache import CacheClient, Key, ServerAddress, connection_pool_factory_builder
from meta_memcache.configuration import LeasePolicy, RecachePolicy, StalePolicy
from meta_memcache.protocol import RequestFlags, SetMode

from transcript import LARGE, MANY, TOO_LARGE, ask, play, unique

logging.disable()  # what it logs of refusals stands in the transcript


def high_level(client):
    ask("set", client.set, "a", "1", ttl=1000)
    ask("get", client.get, "a")
    ask("get of nothing", client.get, "none")
    ask("set without an answer", client.set, "quiet", "x", ttl=1000, no_reply=True)
    ask("get after no answer", client.get, "quiet")
    ask("set_mode add to something", client.set, "a", "x", ttl=1000, set_mode=SetMode.ADD)
    ask("set_mode add", client.set, "new", "x", ttl=1000, set_mode=SetMode.ADD)
    ask("set_mode replace", client.set, "a", "1+", ttl=1000, set_mode=SetMode.REPLACE)
    ask("set_mode replace of nothing", client.set, "none", "x", ttl=1000, set_mode=SetMode.REPLACE)
    ask("refill of something", client.refill, "a", "x", ttl=1000)
    ask("multi_get", client.multi_get, ["a", "new", "none"])
    ask("a key of any letters", client.set, Key("🍺 größe"), "x", ttl=1000)
    ask("get of any letters", client.get, Key("🍺 größe"))
    ask("a key of 400 bytes", client.set, Key("k" * 400), "x", ttl=1000)
    ask("get of 400 bytes", client.get, Key("k" * 400))
    value, cas = client.get_cas("a")
    unique("get_cas", cas)
    ask("set_cas", client.set, "a", "new", ttl=1000, cas_token=cas)
    ask("set_cas that lost", client.set, "a", "newer", ttl=1000, cas_token=cas)
    ask("get after cas", client.get, "a")
    ask("delete that lost", client.delete, "a", cas_token=cas)
    ask("delta_initialize", client.delta_initialize, "n", delta=5, initial_value=10, initial_ttl=1000)
    ask("delta", client.delta, "n", delta=5)
    ask("delta_and_get", client.delta_and_get, "n", delta=5)
    ask("delta below zero", client.delta_and_get, "n", delta=-100)
    ask("delta of nothing", client.delta_and_get, "none", delta=1)
    ask("delta_initialize_and_get", client.delta_initialize_and_get, "m", delta=1, initial_value=3, initial_ttl=1000)
    ask("delta of a word", client.delta_and_get, "a", delta=1)
    ask("touch", client.touch, "a", ttl=500)
    ask("touch of nothing", client.touch, "none", ttl=500)
    ask("get_typed of another type", client.get_typed, "a", int)
    ask("get and touch", client.get, "a", touch_ttl=700)
    ask("invalidate", client.invalidate, "new")
    ask("get of what is invalid", client.get, "new")
    ask("delete", client.delete, "a")
    ask("delete of nothing", client.delete, "a")
    for name, value in (("number", 7), ("text", "é"), ("object", {"list": [1, 2, 3]}), ("bytes", b"\x00\xff")):
        ask(f"set of a {name}", client.set, name, value, ttl=1000)
        ask(f"get of a {name}", client.get, name)


def leases(client):
    lease = LeasePolicy(ttl=30, miss_retries=1, miss_retry_wait=0.01)
    ask("get_or_lease, won", client.get_or_lease, "leased", lease)
    ask("get_or_lease, lost", client.get_or_lease, "leased", lease)
    ask("the winner sets", client.set, "leased", "made", ttl=1000)
    ask("get_or_lease, there", client.get_or_lease, "leased", lease)
    ask("invalidate for a stale value", client.invalidate, "leased", stale_policy=StalePolicy(mark_stale_on_deletion_ttl=30))
    ask("get of the stale value, won", client.get, "leased", recache_policy=RecachePolicy(ttl=30))
    ask("get of the stale value, lost", client.get, "leased", recache_policy=RecachePolicy(ttl=30))
    ask("the winner sets again", client.set, "leased", "made again", ttl=1000)
    ask("get of the new value", client.get, "leased")


def low_level(client):
    key = Key("low")
    ask("meta_set", lambda: type(client.meta_set(key, b"x", flags=RequestFlags(cache_ttl=1000, client_flag=77))).__name__)
    found = client.meta_get(
        key,
        flags=RequestFlags(return_value=True, return_client_flag=True, return_ttl=True, return_size=True, return_cas_token=True),
    )
    flags = found.flags
    ask("meta_get", lambda: (found.value, flags.client_flag, flags.size, 998 <= flags.ttl <= 1000))
    unique("its unique", flags.cas_token)
    fetched = client.meta_get(key, flags=RequestFlags(return_value=True, return_fetched=True, return_last_access=True))
    ask("fetched", lambda: (fetched.flags.fetched, fetched.flags.last_access in (0, 1)))
    won = client.meta_get(Key("vivified"), flags=RequestFlags(return_value=True, vivify_on_miss_ttl=30))
    ask("vivify", lambda: (won.flags.win, won.flags.stale))
    lost = client.meta_get(Key("vivified"), flags=RequestFlags(return_value=True, vivify_on_miss_ttl=30))
    ask("vivify, lost", lambda: lost.flags.win)
    ask("meta_delete", lambda: type(client.meta_delete(key)).__name__)
    ask("meta_get of nothing", lambda: type(client.meta_get(key)).__name__)


def conversation(address):
    host, port = address.split(":")
    client = CacheClient.cache_client_from_servers(
        servers=[ServerAddress(host=host, port=int(port))],
        connection_pool_factory_fn=connection_pool_factory_builder(recv_timeout=5),
    )
    high_level(client)
    leases(client)
    low_level(client)
    ask("set of a large value", client.set, "large", LARGE, ttl=1000)
    ask("get of a large value", client.get, "large")
    ask("set of one too large", client.set, "large", TOO_LARGE, ttl=1000)
    ask("get of what was too large", client.get, "large")
    ask("set of many", lambda: all(client.set(key, value, ttl=1000) for key, value in MANY.items()))
    ask("multi_get of many", lambda: {key.key: value for key, value in client.multi_get(list(MANY)).items()})
    ask("delete of many", lambda: all(client.delete(key) for key in MANY))
    ask("set for a second", client.set, "second", "x", ttl=1)
    yield
    ask("get after a second", client.get, "second")


if __name__ == "__main__":
    play(conversation)
