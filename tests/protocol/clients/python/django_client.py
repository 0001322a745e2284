"""Django's caches and its sessions over them. Usage: django_client.py pymemcache|pylibmc HOST:PORT..."""

import sys

import django
from django.conf import settings

from transcript import LARGE, MANY, TOO_LARGE, ask, play

BACKENDS = {"pymemcache": "PyMemcacheCache", "pylibmc": "PyLibMCCache"}
BACKEND = BACKENDS[sys.argv.pop(1) if len(sys.argv) > 1 else "pymemcache"]
settings.configure(
    CACHES={
        name: {"BACKEND": f"django.core.cache.backends.memcached.{BACKEND}", "LOCATION": address, "KEY_PREFIX": "site"}
        for name, address in [("default", "127.0.0.1:1"), *((address, address) for address in sys.argv[1:])]
    },
    INSTALLED_APPS=["django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SECRET_KEY="of no use",
    USE_TZ=True,
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402, settings come first
from django.core.cache import caches  # noqa: E402


def of_caches(cache):
    ask("set", cache.set, "a", "1")
    ask("get", cache.get, "a")
    ask("get with a default", cache.get, "none", "default")
    ask("has_key", cache.has_key, "a")
    ask("add to something", cache.add, "a", "x")
    ask("add", cache.add, "new", "x")
    ask("get_or_set", cache.get_or_set, "made", lambda: "made now", 100)
    ask("get_or_set again", cache.get_or_set, "made", lambda: "made again", 100)
    ask("set_many", cache.set_many, {"b": 2, "c": {"list": [1, 2, 3]}, "d": None, "é": "ü"})
    ask("get_many", cache.get_many, ["a", "b", "c", "d", "é", "none"])
    ask("get of None", cache.get, "d", "default")
    ask("set n", cache.set, "n", 10)
    ask("incr", cache.incr, "n", 5)
    ask("decr", cache.decr, "n", 3)
    ask("incr of nothing", cache.incr, "none")
    ask("incr_version", cache.incr_version, "a")
    ask("get of the older version", cache.get, "a")
    ask("get of the newer version", cache.get, "a", version=2)
    ask("touch", cache.touch, "b", 100)
    ask("touch of nothing", cache.touch, "none", 100)
    ask("set for ever", cache.set, "ever", 1, None)
    ask("get of what is for ever", cache.get, "ever")
    ask("set for no time", cache.set, "gone", 1, 0)
    ask("get of what is gone", cache.get, "gone")
    ask("set for a time in the past", cache.set, "gone", 1, -5)
    ask("get of what is gone", cache.get, "gone")
    ask("set for 60 days", cache.set, "far", 1, 60 * 86_400)
    ask("get of what is far", cache.get, "far")
    ask("delete", cache.delete, "b")
    ask("delete of nothing", cache.delete, "b")
    ask("set of a large value", cache.set, "large", LARGE)
    ask("get of a large value", cache.get, "large")
    ask("set of one too large", cache.set, "large", TOO_LARGE * 8)
    ask("get of what was too large", cache.get, "large")
    ask("set with a key too long", cache.set, "k" * 251, 1)
    ask("set_many of many", cache.set_many, MANY)
    ask("get_many of many", cache.get_many, list(MANY))
    ask("delete_many", cache.delete_many, list(MANY))
    ask("get_many of nothing", cache.get_many, list(MANY))
    ask("set for a second", cache.set, "second", "x", 1)


def stores(cache):
    """Sessions of this cache; a new one as each request makes it."""

    def store(key=None):
        session = SessionStore(key)
        session._cache = cache
        return session

    return store


def conversation(address):
    cache, store = caches[address], stores(caches[address])
    of_caches(cache)
    first = store()
    first["cart"] = ["apple", 3]
    first.set_expiry(1000)
    ask("session saved", first.save)
    key = first.session_key
    again = store(key)
    ask("session read", lambda: again["cart"])
    again["cart"] += ["pear"]
    ask("session changed", again.save)
    ask("session read again", lambda: store(key)["cart"])
    ask("session exists", store().exists, key)
    ask("key cycled", again.cycle_key)
    ask("session under its old key", store(key).get, "cart")
    ask("session under its new key", lambda: store(again.session_key)["cart"])
    ask("session flushed", again.flush)
    ask("a session that nobody made", lambda: dict(store("x" * 32).items()))
    yield
    ask("get after a second", cache.get, "second")
    ask("flush_all", cache.clear)
    ask("get after flush_all", cache.get, "ever")
    cache.close()


if __name__ == "__main__":
    play(conversation)
