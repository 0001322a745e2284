"""Where twemproxy puts keys: asks a running nutcracker, whose servers answer with their own addresses instead of values.
Everything is on loopback addresses. Usage: twemproxy.py < KEYS"""

import asyncio
import subprocess
import sys
import tempfile
import urllib.parse

import asked

NUTCRACKER = "/usr/sbin/nutcracker"
FIRST_PORT = 22200  # of the pools

NAMES = [("127.0.1.1:22122", 1, "m0"), ("127.0.1.2:22122", 1, "m1"), ("127.0.1.3:22122", 1, "cache-2.example.com")]
DEFAULT_PORT = [(f"127.0.1.{n}:11211", 1, None) for n in (1, 2, 3)]
ADDRESSES = [(f"127.0.1.{n}:{11211 if n % 3 == 0 else 22122}", 1, None) for n in range(1, 9)]
WEIGHTED = [("127.0.1.1:11211", 1, None), ("127.0.1.2:22122", 2, None), ("127.0.1.3:22122", 5, "m2")]
MANY_WEIGHTS = [(f"127.0.1.{n}:22122", weight, None) for n, weight in enumerate([1, 7, 3, 1, 100, 13, 1, 9], 1)]
KEY_HASHES = "one_at_a_time md5 crc32 crc32a fnv1_64 fnv1_32 fnv1a_32 murmur".split()

# (twemproxy's options, how leash says that, servers)
POOLS = [({}, "hash: twemproxy_ketama", servers) for servers in (NAMES[:1], NAMES[:2], NAMES, DEFAULT_PORT, ADDRESSES, WEIGHTED, MANY_WEIGHTS)]
for tag in ("{}", "$$"):
    POOLS.append(({"hash_tag": f'"{tag}"'}, f'hash: twemproxy_ketama, hash_tags: "{tag}"', NAMES))
for word in KEY_HASHES:
    for servers in (ADDRESSES, WEIGHTED):
        POOLS.append(({"hash": word}, f"hash: twemproxy_ketama, key_hash: {word}", servers))
    POOLS.append(({"hash": word, "distribution": "modula"}, f"hash: twemproxy_modula, key_hash: {word}", WEIGHTED))
POOLS.append(({"distribution": "modula"}, "hash: twemproxy_modula", ADDRESSES))
POOLS.append(({"distribution": "modula"}, "hash: twemproxy_modula", WEIGHTED))


def nutcracker_config():
    for number, (options, _, servers) in enumerate(POOLS):
        yield f"pool{number}:\n  listen: 127.0.0.1:{FIRST_PORT + number}\n  preconnect: true"
        for option, value in ({"hash": "fnv1a_64", "distribution": "ketama"} | options).items():
            yield f"  {option}: {value}"
        yield "  servers:"
        for address, weight, name in servers:
            yield f"    - {address}:{weight}{' ' + name if name else ''}"


def as_leash_says(hash_, servers):
    def server(address, weight, name):
        parts = ([f"name: {name}"] if name else []) + [f'address: "{address}"'] + ([f"weight: {weight}"] if weight > 1 else [])
        return "{" + ", ".join(parts) + "}" if len(parts) > 1 else f'"{address}"'

    return f"pool {{{hash_}, servers: [{', '.join(server(*each) for each in servers)}]}}"


async def main():
    lines = sys.stdin.read().split("\n")[:-1]
    keys = [urllib.parse.unquote_to_bytes(line) for line in lines]
    await asked.serve(server[0] for pool in POOLS for server in pool[2])
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        print("\n".join(nutcracker_config()), file=config, flush=True)
        nutcracker = subprocess.Popen([NUTCRACKER, "-c", config.name, "-a", "127.0.0.1", "-s", str(FIRST_PORT - 1), "-o", "/dev/null"])
        try:
            columns = []
            for number, (_, _, servers) in enumerate(POOLS):
                await asked.listening(FIRST_PORT + number)
                places = {address: place for place, (address, _, _) in enumerate(servers)}
                columns.append([str(places[address]) for address in await asked.ask(FIRST_PORT + number, keys)])
        finally:
            await asked.stop(nutcracker)
    version = subprocess.run([NUTCRACKER, "--version"], capture_output=True, text=True)
    version = (version.stdout + version.stderr).split()[2].removeprefix("nutcracker-")
    print(f"# Where twemproxy {version} puts keys; made by tests/routing/hashes/twemproxy.py")
    print("\n".join(as_leash_says(hash_, servers) for _, hash_, servers in POOLS))
    print("\n".join("\t".join(row) for row in zip(lines, *columns)))


asyncio.run(main())
