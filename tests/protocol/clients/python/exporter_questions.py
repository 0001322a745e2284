"""Asks what the Prometheus memcached_exporter asks and is as strict about the answers as it is: every figure it reads
must be a number, rusage must be seconds.micros, and the few it cannot do without must be there. Any failure here is a
`memcached_up 0` there. Usage: exporter_questions.py HOST:PORT"""

import socket
import sys

host, port = sys.argv[1].split(":")
connection = socket.create_connection((host, int(port)), timeout=10)
replies = connection.makefile("rb")


def stats(what=""):
    connection.sendall(f"stats{what}\r\n".encode())
    figures = {}
    while True:
        line = replies.readline()
        assert line.endswith(b"\r\n"), line
        if line == b"END\r\n":
            return figures
        word, name, value = line.decode().rstrip("\r\n").split(" ", 2)
        assert word == "STAT", line
        figures[name] = value


NEEDED = "cmd_set cas_misses cas_hits cas_badval version".split()
NUMBERS = """uptime time cmd_flush cmd_get bytes limit_maxbytes curr_items total_items bytes_read bytes_written curr_connections
total_connections rejected_connections conn_yields listen_disabled_num evictions reclaimed store_too_large store_no_memory
lru_crawler_starts direct_reclaims crawler_items_checked crawler_reclaimed moves_to_cold moves_to_warm moves_within_lru
total_malloced accepting_conns""".split()
NUMBERS += [f"{verb}_{end}" for verb in "get delete incr decr cas touch".split() for end in ("hits", "misses")]
EXPECTED = "uptime time curr_connections total_connections cmd_get cmd_set get_hits get_misses bytes_read bytes_written".split()

general = stats()
for name in NEEDED + EXPECTED:
    assert name in general, f"stats lacks {name}"
for name in NEEDED[:4] + NUMBERS:
    float(general.get(name, "0"))
for name in ("rusage_user", "rusage_system"):
    seconds, micros = general.get(name, "0.0").split(".")
    assert int(seconds) >= 0 and len(micros) in (1, 6) and int(micros) >= 0, general[name]
assert general["version"][0].isdigit()
for name, value in {**stats(" items"), **stats(" slabs")}.items():
    float(value)
settings = stats(" settings")
assert int(settings["maxconns"]) > 0
if settings.get("lru_crawler") == "yes":
    float(settings["lru_crawler_sleep"]), float(settings["hot_max_factor"])
connection.sendall(b"set seen 0 0 1\r\nx\r\nget seen none\r\n")
assert [replies.readline() for _ in range(4)][3] == b"END\r\n"
assert int(stats()["cmd_get"]) > int(general["cmd_get"]) and int(stats()["get_hits"]) > int(general["get_hits"])
