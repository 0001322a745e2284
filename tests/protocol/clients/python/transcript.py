"""How a client in Python tells what it was answered: one line a question. The same conversation is had at each address that
the command line names, so the transcripts of two addresses differ only where their answers do.

A conversation is a generator: where it yields, time passes until what it stored for a second is gone."""

import re
import sys
import time
import zlib

LONG = 60  # of a value that is shown whole
MANY = {f"many:{'x' * 80}:{n}": f"value {n}" for n in range(1000)}  # a get of all of them is a line of 100 KB
LARGE = bytes(range(256)) * 3500
TOO_LARGE = b"x" * (2 << 20)
STATS = "pid uptime time version curr_connections cmd_get cmd_set get_hits get_misses bytes_read bytes_written".split()


def shown(answer):
    """The answer as text; a long one by its length and checksum, a sum of many by their number."""
    if isinstance(answer, dict):
        answer = sorted((str(key), value) for key, value in answer.items())
    text = answer if isinstance(answer, str) else repr(answer)
    text = re.sub(r"127\.0\.0\.1'?[:,] ?\d+", "SERVER", text)
    return text if len(text) <= LONG * 4 else f"{len(text)} characters, {zlib.crc32(text.encode()):08x}"


def ask(question, call, *parameters, **named):
    """Says the answer, or how it was refused, and gives it back."""
    try:
        answer = call(*parameters, **named)
    except Exception as refusal:
        answer = refusal
        print(f"{question}: {type(refusal).__name__}: {shown(str(refusal))}")
    else:
        print(f"{question}: {shown(answer)}")
    return answer


def unique(question, cas):
    """What can be said of a CAS unique, which is another one each time: it is a number that a double keeps."""
    digits = cas.decode() if isinstance(cas, bytes) else str(cas)
    fits = digits.isdigit() and int(digits) < 2**53
    print(f"{question}: {'a unique' if fits else repr(cas)}")


def version(question, text):
    """Digits and dots only, as in memcached's."""
    text = text.decode() if isinstance(text, bytes) else str(text)
    is_plain = all(part.isdigit() for part in text.split("."))
    print(f"{question}: {'digits and dots' if is_plain else text}")


def figures(question, stats):
    """Which of the figures that everybody reads are there, as numbers."""
    plain = {key.decode() if isinstance(key, bytes) else key: value for key, value in stats.items()}
    print(f"{question}: {[name for name in STATS if name in plain]}")


def play(conversation):
    addresses = sys.argv[1:]
    open_ones = []
    for number, address in enumerate(addresses):
        print(f"== {number}")
        rest = conversation(address)
        next(rest)
        open_ones.append(rest)
    if addresses:
        time.sleep(2.5)
    for number, rest in enumerate(open_ones):
        print(f"== {number}")
        for _ in rest:
            raise SystemExit("a conversation rests once")
