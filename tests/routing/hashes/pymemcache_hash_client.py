"""Where pymemcache's HashClient puts keys; connections are never made. Keys that are no text it cannot have had as `str`.
Usage: pymemcache_hash_client.py < KEYS"""

import sys
import urllib.parse

import pymemcache
from pymemcache.client.hash import HashClient

POOLS = [
    ["m0:11211"],
    ["10.0.0.1:11211", "10.0.0.2:22122"],
    ["m0", "m1", "m2"],
    ["m1:11211", "m2:11211", "m0:11211"],
    ["10.0.0.1:11211", "10.0.0.2:22122", "[::1]:22122", "[::1]", "cache-4.example.com:1", "m5", "/run/m6.sock", "10.0.0.8:65535"],
]

clients = [HashClient(pool, allow_unicode_keys=True) for pool in POOLS]
print(f"# Where pymemcache {pymemcache.__version__} puts keys; made by tests/routing/hashes/pymemcache_hash_client.py")
for pool in POOLS:
    servers = ", ".join(f'"{server}"' for server in pool)
    print(f"pool {{hash: murmur3, servers: [{servers}]}}")
for line in sys.stdin.read().split("\n")[:-1]:
    try:
        key = urllib.parse.unquote_to_bytes(line).decode()
    except UnicodeDecodeError:
        continue
    places = [list(client.clients.values()).index(client._get_client(key)) for client in clients]
    print(line, *places, sep="\t")
