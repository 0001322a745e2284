"""Where python-memcached puts keys; connections are never made. Usage: python_memcached.py WORD < KEYS, where WORD is what
leash calls the hash of the installed version"""

import sys
import urllib.parse

import memcache

memcache._Host.connect = lambda host: True  # every server can be reached

POOLS = [
    ["m0:11211"],
    ["10.0.0.1:11211", "10.0.0.2:22122"],
    ["m0:11211", "m1:11211", "m2:11211"],
    [f"10.0.0.{n}:11211" for n in range(1, 9)],
    [("m0:11211", 1), ("m1:11211", 2), "m2:22122"],
    [(f"10.0.0.{n}:11211", 100 if n == 5 else 10 - n) for n in range(1, 9)],
]


def written(server):
    return f'"{server}"' if isinstance(server, str) else f'{{address: "{server[0]}", weight: {server[1]}}}'


clients = [memcache.Client(pool) for pool in POOLS]
print(f"# Where python-memcached {memcache.__version__} puts keys; made by tests/routing/hashes/python_memcached.py")
for pool in POOLS:
    print(f"pool {{hash: {sys.argv[1]}, servers: [{', '.join(map(written, pool))}]}}")
for line in sys.stdin.read().split("\n")[:-1]:
    key = urllib.parse.unquote_to_bytes(line)
    places = [client.servers.index(client._get_server(key)[0]) for client in clients]
    print(line, *places, sep="\t")
