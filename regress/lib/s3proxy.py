"""A proxy in front of an S3 server that does what networks and providers
do: it refuses, delays, drops, cuts, answers with errors, or lies. Used as a
library; it runs in a thread of its own and is switched by method calls
while requests go through it.

    p = s3proxy.Proxy(minio)            # p.endpoint is for Pail
    p.faults(s3proxy.Fault("drop-after", 0.2, methods=("PUT",)))
    p.faults()                          # none
    p.away()                            # connections are refused
    p.back()

The signature covers Host, which is the proxy's; it is passed on as it came
(S3 servers take any)."""

import asyncio
import hashlib
import random
import re
import threading

import proc

# name: what happens to a request that a fault hits
KINDS = {
    "delay": "it is passed on later, and its answer too",
    "drop-before": "the connection ends; the server never saw it",
    "drop-after": "the server acted; the connection ends without an answer",
    "late": "the connection ends; the server acts some time afterwards",
    "twice": "a PUT arrives a second time, some time afterwards",
    "cut": "half of the answer, then the connection ends",
    "500": "InternalError; half of the time the server acted",
    "503": "SlowDown with Retry-After: 1; the server did not act",
    "409": "ConditionalRequestConflict; the server did not act",
    "412": "PreconditionFailed; the server did not act",
    "403": "AccessDenied; the server did not act",
    "lie": "a PUT gets 200 with an ETag and nothing is stored",
    "silent": "no answer while away() or until the client gives up",
    # Servers that are no S3; with a probability of 1.
    "no-conditions": "conditional headers are ignored",
    "no-if-match": "If-Match is ignored",
    "no-if-none-match": "If-None-Match is ignored",
}
ERRORS = {
    "500": (500, "InternalError", ()),
    "503": (503, "SlowDown", ("Retry-After: 1",)),
    "409": (409, "ConditionalRequestConflict", ()),
    "412": (412, "PreconditionFailed", ()),
    "403": (403, "AccessDenied", ()),
}
CONDITIONS = {
    "no-conditions": ("if-match", "if-none-match"),
    "no-if-match": ("if-match",),
    "no-if-none-match": ("if-none-match",),
}


class Fault:
    """What happens to which requests: a kind of KINDS, a probability, and
    filters. seconds: the range of a delay."""

    def __init__(self, kind, p=1.0, methods=None, key="", seconds=(0.1, 1)):
        assert kind in KINDS, kind
        self.kind, self.p, self.key = kind, p, key
        self.methods, self.seconds = methods, seconds

    def hits(self, r, rand):
        if self.methods and r.method not in self.methods:
            return False
        if self.kind in ("lie", "twice") and r.method != "PUT":
            return False
        return self.key in r.target and rand.random() < self.p


class Gone(Exception):
    """End the client's connection without a word."""


def name(line):
    """Of a header."""
    return line.split(b":")[0].strip().lower().decode()


class Request:
    def __init__(self, head, body):
        self.head, self.body = head, body
        lines = head.split(b"\r\n")
        method, target, _ = lines[0].decode("latin-1").split(" ", 2)
        self.method, self.target = method, target
        self.lines = lines

    def without(self, names, server):
        """The request without these headers, signed anew: a server that
        ignores them does not know that they were signed."""
        keep = [x for x in self.lines if name(x) not in names]
        if len(keep) == len(self.lines):
            return self
        return self.signed(keep, server)

    def dated(self, stamp, server):
        """The request as of another time, signed anew; not one that is not
        signed."""
        if header(self.head, b"x-amz-date") is None:
            return self
        return self.signed([b"x-amz-date: " + stamp.encode()
                            if name(x) == "x-amz-date" else x
                            for x in self.lines], server)

    def signed(self, keep, server):
        """With these lines, and a signature over them."""
        signed = {name(x): x.split(b":", 1)[1].strip().decode()
                  for x in keep[1:] if name(x) == "host" or
                  name(x).startswith("x-amz-")}
        path, _, query = self.target.partition("?")
        query = "&".join(sorted(query.split("&")))
        auth = server.signature(self.method, path, query, signed)
        keep = [b"Authorization: " + auth.encode()
                if name(x) == "authorization" else x for x in keep]
        return Request(b"\r\n".join(keep), self.body)

    def bytes(self):
        return self.head + self.body


def header(head, name):
    m = re.search(rb"\r\n" + name + rb":[ \t]*([^\r\n]*)", head, re.I)
    return m.group(1) if m else None


async def read_head(reader):
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as e:
        raise ConnectionError("no head") from e


async def read_chunked(reader):
    out = []
    while True:
        line = await reader.readuntil(b"\r\n")
        n = int(line.split(b";")[0], 16)
        data = await reader.readexactly(n + 2)
        out += [line, data]
        if n == 0:
            return b"".join(out)


async def read_answer(reader, method):
    """(status, all bytes) of one answer of the server."""
    while True:
        head = await read_head(reader)
        status = int(head.split(b" ", 2)[1])
        if status != 100:
            break
    length = header(head, b"Content-Length")
    body = b""
    if method == "HEAD" or status in (204, 304):
        pass
    elif length is not None:
        body = await reader.readexactly(int(length))
    elif (header(head, b"Transfer-Encoding") or b"").lower() == b"chunked":
        body = await read_chunked(reader)
    return status, head + body


class Proxy:
    """Has what suite.Suite wants of a server: endpoint, region, access and
    secret; everything else is asked of the server itself."""

    def __init__(self, server, seed=1, listening=True):
        self.server = server
        self.port = proc.free_port()
        self.rand = random.Random(seed)
        self.now = ()
        self.way = 0.0          # seconds, each way, of every request
        self.hit = {}           # how often each kind struck
        self.log = None         # a list: (method, target, kind) of each
        self.edit = None        # (request, answer's bytes) -> those sent
        self.refuse = None      # request -> (status, code), or None
        self.stamp = None       # x-amz-date of all that is passed on
        self.conns = set()
        self.later = set()
        self.listener = None
        self.silence = None
        self.hung = False
        self.dead = set()       # connections: what comes is swallowed
        self.flapping = None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        if listening:
            self.back()

    def __getattr__(self, name):
        return getattr(self.server, name)

    @property
    def endpoint(self):
        return "http://127.0.0.1:%d" % self.port

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _call(self, coro):
        return asyncio.run_coroutine_threadsafe(coro, self.loop).result(30)

    # -- switches --

    def faults(self, *faults, way=0.0):
        """Only these from now on; way: seconds each way for every
        request."""
        self.now, self.way = faults, way

    def away(self, how="refused"):
        """The server is gone. refused: connections end and new ones are
        refused; silent: they are taken, nothing comes back, and they end
        when it returns; hung: nobody ever says that they are dead."""
        self._call(self._away() if how == "refused" else
                   self._silent(how == "hung"))

    def back(self):
        self._call(self._back())

    def flap(self, on, closed=0.02, every=0.1):
        """Connections are refused for so many seconds of each period."""
        self._call(self._flap(on, closed, every))

    def settle(self):
        """Wait until what is late has arrived at the server."""
        proc.await_true("late requests arrive", lambda: not self.later)

    def close(self):
        self._call(self._flap(False, 0, 0))
        self._call(self._away())
        self._call(self._forget())
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _forget(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _away(self):
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        for w in list(self.conns):
            w.transport.abort()

    async def _silent(self, hung):
        self.silence = asyncio.Event()
        self.hung = hung
        if hung:            # the idle ones, too
            self.dead.update(self.conns)

    async def _back(self):
        if self.silence is not None:
            self.silence.set()
            self.silence = None
            for w in list(self.conns):
                if w not in self.dead:
                    w.transport.abort()
        if self.listener is None:
            self.listener = await asyncio.start_server(
                self._client, "127.0.0.1", self.port, limit=1 << 20,
                backlog=1024)       # (asyncio's 100 are few for the probe)

    async def _flap(self, on, closed, every):
        if self.flapping is not None:
            self.flapping.cancel()
            self.flapping = None
        if on:
            self.flapping = asyncio.ensure_future(
                self._flaps(closed, every))
        elif every:
            await self._back()

    async def _flaps(self, closed, every):
        try:
            while True:
                await self._away()
                self._count("refuse")
                await asyncio.sleep(closed)
                await self._back()
                await asyncio.sleep(every - closed)
        except asyncio.CancelledError:
            pass

    # -- requests --

    def _count(self, kind):
        self.hit[kind] = self.hit.get(kind, 0) + 1

    async def _client(self, reader, writer):
        self.conns.add(writer)
        up = []
        try:
            while True:
                r = await self._request(reader)
                await self._one(r, writer, up)
        except (ConnectionError, asyncio.IncompleteReadError, Gone, OSError,
                asyncio.CancelledError):    # close()
            pass
        finally:
            self.conns.discard(writer)
            self.dead.discard(writer)
            writer.transport.abort()
            for w in up[1:]:
                w.close()

    async def _request(self, reader):
        head = await read_head(reader)
        length = int(header(head, b"Content-Length") or b"0")
        return Request(head, await reader.readexactly(length))

    async def _one(self, r, writer, up):
        if self.silence is not None and self.hung:
            self.dead.add(writer)
        if writer in self.dead:
            await asyncio.sleep(3600)
        if self.silence is not None:
            await self.silence.wait()
            raise Gone()
        fault = next((f for f in self.now if f.hits(r, self.rand)), None)
        kind = fault.kind if fault else None
        if kind:
            self._count(kind)
        if self.log is not None:
            self.log.append((r.method, r.target, kind))
        if self.way:
            await asyncio.sleep(self.way)
        if self.stamp:
            r = r.dated(self.stamp, self.server)
        refusal = self.refuse(r) if self.refuse else None
        if refusal:             # and the server never saw it
            data = self._told(r, *refusal)
        else:
            data = await self._answer(r, fault, kind, up)
        if self.edit:
            data = self.edit(r, data)
        if self.way:
            await asyncio.sleep(self.way)
        if kind == "cut":
            writer.write(data[:len(data) // 2])
            await writer.drain()
            writer.close()      # what was written still arrives
            raise Gone()
        writer.write(data)
        await writer.drain()

    async def _answer(self, r, fault, kind, up):
        """The bytes that the client gets."""
        if kind == "drop-before":
            raise Gone()
        if kind == "silent":
            await asyncio.sleep(3600)
        if kind == "late":
            self._soon(r, fault)
            raise Gone()
        if kind == "lie":
            return self._lie(r)
        if kind in ERRORS:
            if kind == "500" and self.rand.random() < 0.5:
                await self._forward(r, up)
            return self._error(kind, r)
        if kind == "delay":
            await asyncio.sleep(self.rand.uniform(*fault.seconds) / 2)
        if kind in CONDITIONS:
            r = r.without(CONDITIONS[kind], self.server)
        _, data = await self._forward(r, up)
        if kind == "twice":
            self._soon(r, fault)
        if kind == "delay":
            await asyncio.sleep(self.rand.uniform(*fault.seconds) / 2)
        if kind == "drop-after":
            raise Gone()
        return data

    async def _forward(self, r, up):
        for fresh in (False, True):
            if fresh or not up or up[0].at_eof():
                for w in up[1:]:
                    w.close()
                up[:] = await asyncio.open_connection(
                    self.server.host, self.server.port, limit=1 << 20)
                fresh = True
            try:
                up[1].write(r.bytes())
                await up[1].drain()
                return await read_answer(up[0], r.method)
            except (ConnectionError, asyncio.IncompleteReadError, OSError):
                # A pooled connection that the server had closed.
                if fresh or r.method == "PUT":
                    raise
                del up[:]

    def _soon(self, r, fault):
        t = asyncio.ensure_future(self._send_late(r, fault))
        self.later.add(t)
        t.add_done_callback(self.later.discard)

    async def _send_late(self, r, fault):
        await asyncio.sleep(self.rand.uniform(*fault.seconds))
        up = []
        try:
            await self._forward(r, up)
        except OSError:
            pass
        for w in up[1:]:
            w.close()

    def _lie(self, r):
        return (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"%s\"\r\n"
                b"x-amz-request-id: lie\r\n\r\n" %
                hashlib.md5(r.body).hexdigest().encode())

    def _error(self, kind, r):
        return self._told(r, *ERRORS[kind])

    def _told(self, r, status, code, more=()):
        body = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
                "%s</Code><Message>from the proxy</Message><RequestId>proxy"
                "</RequestId></Error>" % code).encode()
        lines = ["HTTP/1.1 %d %s" % (status, code),
                 "Content-Type: application/xml",
                 "Content-Length: %d" % len(body), *more]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head if r.method == "HEAD" else head + body
