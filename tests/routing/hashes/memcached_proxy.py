"""Where memcached's built-in proxy puts keys: asks one for each pool, whose servers answer with their own addresses.
Everything is on loopback addresses. Usage: memcached_proxy.py MEMCACHED < KEYS, a memcached built with --enable-proxy"""

import asyncio
import getpass
import subprocess
import sys
import tempfile
import urllib.parse

import asked

PORT = 22199  # of the proxy

NAMES = [f"127.0.1.{n}:22122" for n in range(1, 101)]
# (options of the pool, how leash says that, servers)
POOLS = [("", "", NAMES[:count]) for count in (1, 2, 3, 8, 100)]
POOLS.append(("", "", [NAMES[2], NAMES[0], NAMES[1]]))
# Two equal marks, as in "$$", end 1.6.18.
POOLS.append((', {dist = mcp.dist_jump_hash, filter = "tags", filter_conf = "{}"}', ', hash_tags: "{}"', NAMES[:3]))

CONFIG = """
function mcp_config_pools()
    local servers = {}
    for number, address in ipairs({%s}) do
        servers[number] = mcp.backend("b" .. number, address:match("(.*):"), address:match(":(.*)"))
    end
    return mcp.pool(servers%s)
end

function mcp_config_routes(pool)
    mcp.attach(mcp.CMD_GET, function(request) return pool(request) end)
end
"""


async def places(program, keys, options, servers):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as config:
        print(CONFIG % (", ".join(f'"{server}"' for server in servers), options), file=config, flush=True)
        arguments = ["-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(PORT), "-U", "0", "-t", "1", "-o", f"proxy_config={config.name}"]
        proxy = subprocess.Popen([program, *arguments])
        try:
            await asked.listening(PORT)
            return [str(servers.index(address)) for address in await asked.ask(PORT, keys)]
        finally:
            await asked.stop(proxy)


async def main(program):
    lines = sys.stdin.read().split("\n")[:-1]
    keys = [urllib.parse.unquote_to_bytes(line) for line in lines]
    await asked.serve(NAMES)
    columns = [await places(program, keys, options, servers) for options, _, servers in POOLS]
    version = subprocess.run([program, "-V"], capture_output=True, text=True).stdout.split()[-1]
    print(f"# Where the proxy of memcached {version} puts keys; made by tests/routing/hashes/memcached_proxy.py")
    for _, said, servers in POOLS:
        print("pool {hash: memcached_proxy%s, servers: [%s]}" % (said, ", ".join(f'"{server}"' for server in servers)))
    print("\n".join("\t".join(row) for row in zip(lines, *columns)))


asyncio.run(main(sys.argv[1]))
