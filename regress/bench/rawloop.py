"""What the store itself gives: a loop of conditional PUTs, or of GETs, with
nothing beside them.  Requests are signed beforehand, the bytes go over one
connection that is kept."""

import hashlib
import select
import socket
import time

import lmtp


class Loop:
    def __init__(self, server, bucket):
        self.server, self.bucket = server, bucket
        self.connect()

    def connect(self):
        """Anew: the server ends connections that were idle for long."""
        self.sock = socket.create_connection((self.server.host,
                                              self.server.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b""

    def bytes(self, method, key, body=b"", headers=None):
        """A whole signed request; headers are sent unsigned."""
        path = "/%s/%s" % (self.bucket, key)
        h = self.server.signed(method, path, body=body)
        h.update(headers or {})
        h["content-length"] = str(len(body))
        return ("%s %s HTTP/1.1\r\n" % (method, path) + "".join(
            "%s: %s\r\n" % kv for kv in h.items()) + "\r\n").encode() + body

    def ask(self, request):
        """(status, octets of the body)."""
        self.sock.sendall(request)
        return self.answer()

    def answer(self):
        while b"\r\n\r\n" not in self.buf:
            more = self.sock.recv(1 << 18)
            assert more, "the server has closed the connection"
            self.buf += more
        head, _, rest = self.buf.partition(b"\r\n\r\n")
        low = head.lower()
        at = low.index(b"content-length:") + 15
        n = int(low[at:].split(b"\r\n")[0])
        have = len(rest)
        while have < n:
            have += len(self.sock.recv(min(1 << 18, n - have)))
        self.buf = rest[n:] if len(rest) > n else b""
        return int(head[9:12]), n


class Crowd:
    """What the store gives to as many at once: conditional PUTs over 20
    connections, each to a key of its own and one after the other."""

    def __init__(self, server, bucket, n=20):
        self.server, self.bucket = server, bucket
        self.loops = [Loop(server, bucket) for _ in range(n)]
        self.asked = self.n = 0
        self.took = 0.0

    def turn(self, size, n):
        """n of each."""
        bodies = [bytes([65 + i]) * size for i in (0, 1)]
        tags = ['"%s"' % hashlib.md5(b).hexdigest() for b in bodies]
        poll, state = select.epoll(), {}
        for k, loop in enumerate(self.loops):
            key = "raw%d" % k
            loop.connect()
            assert loop.ask(loop.bytes("PUT", key, bodies[1]))[0] == 200
            state[loop.sock.fileno()] = [loop, n, [loop.bytes(
                "PUT", key, bodies[i], {"if-match": tags[1 - i]})
                for i in (0, 1)]]
            poll.register(loop.sock, select.EPOLLIN)
        start = time.monotonic()
        for loop, _, reqs in state.values():
            loop.sock.sendall(reqs[n % 2])
        while state:
            for fd, _ in poll.poll():
                st = state[fd]
                status, _ = st[0].answer()
                assert status == 200, status
                st[1] -= 1
                if st[1] > 0:
                    st[0].sock.sendall(st[2][st[1] % 2])
                else:
                    poll.unregister(fd)
                    del state[fd]
        self.took += time.monotonic() - start
        self.n += n * len(self.loops)
        self.asked += (n + 1) * len(self.loops)

    def rate(self):
        print("   %.0f a second over %d connections, to a key each" %
              (self.n / self.took, len(self.loops)), flush=True)
        return self.n / self.took


class Puts:
    """Conditional PUTs, each naming the ETag of the one before, in turns
    with a row's own: what the server can do changes as it runs."""

    def __init__(self, server, bucket):
        self.loop = Loop(server, bucket)
        self.crowd = Crowd(server, bucket)
        self.asked = self.n = self.octets = 0
        self.took = 0.0

    def turn(self, size, n):
        bodies = [bytes([65 + i]) * size for i in (0, 1)]
        tags = ['"%s"' % hashlib.md5(b).hexdigest() for b in bodies]
        self.loop.connect()
        first = self.loop.bytes("PUT", "raw", bodies[1])
        assert self.loop.ask(first)[0] == 200
        reqs = [self.loop.bytes("PUT", "raw", bodies[i],
                                {"if-match": tags[1 - i]}) for i in (0, 1)]
        start = time.monotonic()
        for k in range(n):
            status, _ = self.loop.ask(reqs[k % 2])
            assert status == 200, status
        self.took += time.monotonic() - start
        self.n += n
        self.asked += n + 1
        self.octets += n * size

    def many(self, size, n):
        self.crowd.turn(size, n)
        self.asked += self.crowd.asked
        self.crowd.asked = 0

    def rate(self):
        print("   %.0f conditional PUTs of %d octets a second" %
              (self.n / self.took, self.octets / self.n), flush=True)
        return self.n / self.took


def get(server, bucket, keys):
    """Octets a second of GETs of these objects, one after the other."""
    loop = Loop(server, bucket)
    reqs = [loop.bytes("GET", k) for k in keys]
    start, octets = time.monotonic(), 0
    for r in reqs:
        status, n = loop.ask(r)
        assert status == 200, status
        octets += n
    return octets / (time.monotonic() - start)


def rates(server, bucket, rows, puts, n, mail):
    """What the raw loop would do of each row that the store bounds, in the
    row's own unit: {row: value}. mail: octets a second that the cold
    download gave its client."""
    out = {}
    if puts.n > 0:
        rate = puts.rate()
        for name in ("APPEND one by one /s", "APPEND pipelined /s",
                     "MULTIAPPEND /s", "8 users, one by one each /s",
                     *lmtp.ROWS):
            if name in rows:
                out[name] = rate
        if puts.crowd.n > 0:
            puts.crowd.rate()
    cold = "FETCH BODY[] cold /s"
    if cold in rows:
        keys = [k for k, _ in server.list(bucket)
                if "/ann/" in k and ("/log/" in k or "/pack/" in k)]
        rate = max(get(server, bucket, keys) for _ in range(3))
        print("   GETs of %d objects: %.1f MB/s" % (len(keys), rate / 1e6),
              flush=True)
        # As messages: the same octets as the download took.
        out[cold] = n * rate / max(1, rows[cold][1]["in"])
        out["mail MB/s"] = (mail / 1e6, rate / 1e6, mail / rate)
    return out
