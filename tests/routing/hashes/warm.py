"""Fills a pool as an application would: sets key:0, key:1, … to their numbers with a real client.
Usage: warm.py COUNT CLIENT OPTIONS SERVER... where OPTIONS is JSON and a server is HOST:PORT or HOST:PORT:WEIGHT"""

import json
import sys


def pylibmc(options, servers):
    import pylibmc

    return pylibmc.Client(servers, behaviors=options)


def python_memcached(options, servers):
    import memcache

    parts = [text.split(":") for text in servers]
    return memcache.Client([(f"{host}:{port}", int(weight[0])) if weight else f"{host}:{port}" for host, port, *weight in parts])


def pymemcache(options, servers):
    from pymemcache.client.hash import HashClient

    prefix = options.get("key_prefix", "").encode()
    return HashClient(servers, default_noreply=False, key_prefix=prefix)


count, name, options, *servers = sys.argv[1:]
client = {"pylibmc": pylibmc, "python-memcached": python_memcached, "pymemcache": pymemcache}[name](json.loads(options), servers)
for number in range(int(count)):
    assert client.set(f"key:{number}", str(number)), number
