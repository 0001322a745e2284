"""The keys of the golden files, the same at every run: ordinary ones, and those that a hash may trip over. One a line; a
byte outside of printable ASCII, and %, is written %XX. Usage: keys.py > KEYS"""

import random
import zlib

chance = random.Random(4)


def text(length, letters):
    return "".join(chance.choice(letters) for _ in range(length)).encode()


PRINTABLE = "".join(map(chr, range(33, 127)))
HIGH = bytes(range(0x80, 0x100))

keys = [b"user:%d" % n for n in range(300)]
keys += [b"session:" + text(32, "0123456789abcdef") for _ in range(150)]
keys += [b"page:/shop/%d?sort=price&page=%d" % (n * 7919, n) for n in range(150)]
keys += [bytes([byte]) for byte in range(33, 127)]  # one byte
keys += [text(length, PRINTABLE) for length in range(2, 80) for _ in range(2)]  # every rest of a block
keys += [text(length, PRINTABLE) for length in range(230, 251) for _ in range(2)]  # as long as keys may be
keys += [b"user:{%d}:name" % n for n in range(50)] + [b"{%d}" % n for n in range(30)]  # tags
keys += [b"{}", b"a{}b", b"{", b"}", b"}{", b"a}b{c", b"{a}{b}", b"{{a}}", b"{a", b"a}", b"x{a}y}", b"$1$", b"a$2$b$", b"$$", b"$"]
keys += [f"größe:{n}".encode() for n in range(30)]  # characters below 256
keys += [f"ключ:{n}".encode() for n in range(30)] + [f"雪{n}☃".encode() for n in range(30)]  # above
keys += [f"𝄞{n}".encode() for n in range(10)]
keys += [bytes(chance.choice(HIGH) for _ in range(length)) for length in range(1, 31)]  # no text at all
keys += [b"bin:" + bytes(chance.choice(HIGH) for _ in range(length)) for length in range(1, 31)]
zero = (b"zero:%d" % n for n in range(10_000_000))
zero = (key for key in zero if zlib.crc32(key) >> 16 & 0x7FFF == 0)
keys += [next(zero) for _ in range(10)]  # for python-memcached's `or 1`

for key in dict.fromkeys(keys):
    print("".join(chr(byte) if 33 <= byte < 127 and byte != 37 else f"%{byte:02X}" for byte in key))
