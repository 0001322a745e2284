"""Where a proxy puts keys, by asking it: servers on loopback addresses that answer with their own address instead of a
value, and what asks. For the scripts beside it."""

import asyncio


async def answer(reader, writer):
    own = "%s:%s" % writer.get_extra_info("sockname")
    while line := await reader.readline():
        if line == b"version\r\n":
            writer.write(b"VERSION 1.6.18\r\n")
            continue
        key = line.rstrip(b"\r\n").split(b" ")[1]
        writer.write(b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(own), own.encode()))
    writer.close()


async def ask(port, keys):
    """The addresses of the keys' servers, in the order of the keys."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    addresses = []
    for key in keys:
        writer.write(b"get %s\r\n" % key)
        first = await reader.readline()
        assert first.startswith(b"VALUE "), (key, first)
        addresses.append((await reader.readline()).decode().strip())
        assert await reader.readline() == b"END\r\n"
    writer.close()
    return addresses


async def listening(port):
    for _ in range(500):
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            return
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
    raise SystemExit(f"nothing listens on port {port}")


async def serve(addresses):
    """Answers at each of these."""
    for address in sorted(set(addresses)):
        host, port = address.split(":")
        await asyncio.start_server(answer, host, int(port))


async def stop(proxy):
    """Ends the proxy, and what served it."""
    proxy.terminate()
    proxy.wait()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=5)
