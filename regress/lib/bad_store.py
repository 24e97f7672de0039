"""Damage to objects in the bucket and in the cache: the checksum of an object
as pail-bucket(5) defines it, and the table of damages."""

import hashlib
import random
import struct

from dump import varint

HEADER = 96


def seal(header, body):
    """The object again with a right checksum (and no compression)."""
    h = bytearray(header[:64]) + bytearray(32)
    h[6] = 0
    h[56:64] = struct.pack("<Q", len(body))
    return bytes(h[:64]) + hashlib.sha256(bytes(h) + body).digest() + body


USER = 12       # the field of the head, and the last one that we write


def head_of(user, head):
    """The head again, as this user's."""
    body = head[HEADER:]
    end = at = 4
    end += struct.unpack_from("<I", body)[0]
    number = 0
    while at < end:
        start = at
        tag, at = varint(body, at)
        number = tag >> 1
        size, at = varint(body, at)
        at += size
    assert number == USER and at == end
    fields = body[4:start] + bytes([2 * USER + 1, len(user)]) + user.encode()
    return seal(head, struct.pack("<I", len(fields)) + fields + body[end:])


def flip(at):
    """One bit of the octet at that place, a fraction or an index."""
    def do(data):
        i = int(at * (len(data) - 1)) if isinstance(at, float) else at
        return data[:i] + bytes([data[i] ^ 0x10]) + data[i + 1:]
    return do


def cut(n):
    def do(data):
        return data[:n] if n >= 0 else data[:len(data) + n]
    return do


def half(data):
    return data[:len(data) // 2]


def zeros(data):
    return bytes(len(data))


def noise(data):
    return random.Random(len(data)).randbytes(len(data))


def longer(data):
    return data + b"x"


def sealed(body):
    """A right header before another body."""
    return lambda data: seal(data, body(data[HEADER:]))


def poke(at, *octets):
    return lambda body: body[:at] + bytes(octets) + body[at + len(octets):]


# (what, bytes -> bytes) for any object that is read whole.
WHOLE = [
    ("empty", cut(0)),
    ("one octet", cut(1)),
    ("half a header", cut(50)),
    ("a header alone", cut(HEADER)),
    ("half of it", half),
    ("one octet short", cut(-1)),
    ("one octet long", longer),
    ("zeros", zeros),
    ("noise", noise),
    ("another magic", flip(0)),
    ("another kind", flip(4)),
    ("another format level", flip(5)),
    ("another codec", flip(6)),
    ("another history", flip(8)),
    ("an encryption", flip(24)),
    ("another length", flip(56)),
    ("a huge length", flip(63)),
    ("another checksum", flip(64)),
    ("a bit in the body's beginning", flip(HEADER)),
    ("a bit in the middle", flip(0.5)),
    ("a bit in the end", flip(1.0)),
]

# Well sealed, and still no head.
HEAD = WHOLE + [
    ("an empty body, sealed", sealed(lambda b: b"")),
    ("a body of zeros, sealed", sealed(lambda b: bytes(len(b)))),
    ("a body of noise, sealed", sealed(noise)),
    ("half a body, sealed", sealed(half)),
    ("a body with more behind it, sealed", sealed(lambda b: b + b"xyz")),
    ("fields of 4 GiB, sealed", sealed(poke(0, 255, 255, 255, 255))),
    ("a critical field that is unknown, sealed", sealed(poke(4, 0xff, 1))),
    ("a varint that never ends, sealed", sealed(poke(4, *[0xff] * 40))),
]

# A log object is read as long as the head says.
LOG = [w for w in WHOLE if w[0] != "one octet long"]
# Of a message, read in pieces: what is behind its last chunk never is.
MESSAGE = [w for w in WHOLE if w[0] != "one octet long"]
# A pack is read by ranges and checked by each message's own SHA-256.
PACK = [w for w in WHOLE if w[0] in (
    "empty", "one octet", "half a header", "a header alone",
    "half of it", "zeros", "noise", "a bit in the middle")]

# Of a table that is run a second time these tell nothing new.
ALIKE = (
    "one octet", "half a header", "zeros", "another magic",
    "another kind", "another codec", "an encryption", "another checksum",
    "a bit in the body's beginning", "a bit in the end",
    "a body of zeros, sealed", "a body of noise, sealed",
    "half a body, sealed", "fields of 4 GiB, sealed",
    "a critical field that is unknown, sealed",
    "a varint that never ends, sealed")


def page(n, size=4096):
    """The n-th page of a file is noise."""
    def do(data):
        return data[:n * size] + noise(data[n * size:(n + 1) * size]) + \
            data[(n + 1) * size:]
    return do


def every_page_but_the_first(data):
    return data[:4096] + noise(data[4096:])


INDEX = [
    ("empty", cut(0)),
    ("50 octets", cut(50)),
    ("one page", cut(4096)),
    ("half of it", half),
    ("one octet short", cut(-1)),
    ("zeros", zeros),
    ("noise", noise),
    ("another magic", flip(0)),
    ("a page size of 2^n + 1", flip(17)),
    ("the first page is noise", page(0)),
    ("the second page is noise", page(1)),
    ("the third page is noise", page(2)),
    ("only the first page is left", every_page_but_the_first),
    ("the last page is noise", lambda d: page(len(d) // 4096 - 1)(d)),
    ("another version of the schema", flip(43)),
]


def bit_in(word):
    """A bit of a word's second octet, wherever it is first."""
    return lambda data: flip(data.index(word) + 1)(data)


# Bits of values, which SQLite does not look at: flags, dates, counters.
BITS = [("a bit at %d %%" % n, flip(n / 100)) for n in range(5, 100, 10)]
HOT = INDEX + BITS + [
    ("a bit in a mailbox's name", bit_in(b"INBOX")),
    ("a bit in a keyword", bit_in(b"$Kept")),
    ("two pages in each other's place",
     lambda d: d[:4096] + d[8192:12288] + d[4096:8192] + d[12288:]),
]
COLD = INDEX + BITS
# What no one can read: the log must tell.
UNREADABLE = ("empty", "50 octets", "zeros", "noise", "another magic",
              "one octet short", "the first page is noise",
              "a page size of 2^n + 1", "a bit in a mailbox's name",
              "a bit in a keyword")


def change(path, how):
    with open(path, "rb") as f:
        data = f.read()
    new = how(data)
    assert new != data, path
    with open(path, "wb") as f:     # owner and mode stay
        f.write(new)
