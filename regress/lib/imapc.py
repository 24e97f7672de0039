"""A plain IMAP client for the tests: sends and receives lines, and hides
nothing; supports pipelining."""

import re
import socket
import ssl
import threading
import time


class Closed(Exception):
    """The server ended the connection."""


class No(Exception):
    """A tagged NO or BAD."""


class Answer:
    """A tagged answer: status, text, and the untagged lines before it.
    Each line is bytes, literals included as they came."""

    def __init__(self, status, text, lines):
        self.status, self.text, self.lines = status, text, lines

    def __repr__(self):
        return "%s %r" % (self.status, self.text)

    def code(self, name):
        """The words of a response code of the tagged answer, or None."""
        m = re.search(rb"\[" + name.encode() + rb"(?: ([^\]]*))?\]",
                      self.text)
        return None if m is None else (m.group(1) or b"")

    def having(self, word):
        return [x for x in self.lines if word.encode() in x]


class Imap:
    def __init__(self, port, user=None, password=None, tls=False,
                 timeout=60, host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            ctx = ssl._create_unverified_context()
            self.sock = ctx.wrap_socket(self.sock)
        self.buf = b""
        self.n = 0
        self.greeting = self.line()
        if user is not None:
            self.ok("LOGIN %s %s" % (user, password))

    def close(self):
        self.sock.close()

    def logout(self):
        self.ok("LOGOUT")
        self.close()

    def send(self, data):
        try:
            self.sock.sendall(data if isinstance(data, bytes)
                              else data.encode())
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed() from e

    def _more(self):
        try:
            data = self.sock.recv(262144)
        except ConnectionResetError as e:
            raise Closed() from e
        if not data:
            raise Closed()
        self.buf += data

    def _raw_line(self):
        at = 0
        while True:
            end = self.buf.find(b"\r\n", at)
            if end >= 0:
                line, self.buf = self.buf[:end], self.buf[end + 2:]
                return line
            at = max(0, len(self.buf) - 1)
            self._more()

    def line(self):
        """One response, its literals included ({n}\\r\\n and the bytes)."""
        parts = []
        while True:
            line = self._raw_line()
            parts.append(line)
            m = re.search(rb"\{(\d+)\}$", line)
            if not m:
                return b"".join(parts)
            n = int(m.group(1))
            chunks, have = [self.buf[:n]], min(n, len(self.buf))
            self.buf = self.buf[n:]
            while have < n:
                self._more()
                take = self.buf[:n - have]
                self.buf = self.buf[n - have:]
                chunks.append(take)
                have += len(take)
            parts.append(b"\r\n" + b"".join(chunks))

    def tag(self):
        self.n += 1
        return "a%d" % self.n

    def start(self, command, literal=None):
        """Send a command without waiting (LITERAL+ for the literal); its
        tag."""
        t = self.tag()
        if isinstance(command, str):
            command = command.encode()
        data = t.encode() + b" " + command
        if literal is not None:
            data += b" {%d+}\r\n" % len(literal) + literal
        self.send(data + b"\r\n")
        return t

    def finish(self, tag):
        lines = []
        want = tag.encode() + b" "
        while True:
            line = self.line()
            if line.startswith(want):
                status, _, text = line[len(want):].partition(b" ")
                return Answer(status.decode(), text, lines)
            lines.append(line)

    def cmd(self, command, literal=None):
        return self.finish(self.start(command, literal))

    def ok(self, command, literal=None):
        a = self.cmd(command, literal)
        if a.status != "OK":
            raise No("%s: %s %s" % (command, a.status, a.text))
        return a

    def append(self, box, data, flags="", date=""):
        words = ["APPEND", box] + [w for w in (flags, date) if w]
        return self.ok(" ".join(words), data)

    def pipeline(self, commands):
        """commands: (text, literal or None) each; all sent at once; the
        answers in order. Reading starts before all is written, so that
        neither side blocks."""
        tags, out = [], []
        for text, lit in commands:
            t = self.tag()
            tags.append(t)
            data = t.encode() + b" " + (text.encode()
                                        if isinstance(text, str) else text)
            if lit is not None:
                data += b" {%d+}\r\n" % len(lit) + lit
            out.append(data + b"\r\n")
        w = threading.Thread(target=self.send, args=(b"".join(out),))
        w.start()
        answers = [self.finish(t) for t in tags]
        w.join()
        return answers


def fetched(lines):
    """{sequence number: text of the FETCH item list} of untagged lines."""
    out = {}
    for x in lines:
        m = re.match(rb"\* (\d+) FETCH \((.*)\)$", x, re.S)
        if m:
            out[int(m.group(1))] = m.group(2)
    return out


def status(c, box, item="MESSAGES"):
    """One number of a mailbox's STATUS."""
    line = c.ok("STATUS %s (%s)" % (box, item)).having("STATUS")[0]
    return int(re.search(item.encode() + rb" (\d+)", line).group(1))


def drain(c, command):
    """Send a command and read to its end without parsing: seconds, octets
    and the last of them.  It looks at the end of what came only, so as to
    take little of the processor that the server needs."""
    room = memoryview(bytearray(1 << 20))
    start = time.monotonic()
    tag = c.start(command).encode()
    end = b"\r\n" + tag + b" "
    tail, n = b"\r\n" + c.buf, 0
    c.buf = b""
    while not (tail.endswith(b"\r\n") and end in tail):
        got = c.sock.recv_into(room)
        assert got
        n += got
        tail = (tail + bytes(room[max(0, got - 4096):got]))[-4096:]
    took = time.monotonic() - start
    last = tail[tail.index(end) + 2:]
    assert last.startswith(tag + b" OK"), last
    return took, n, tail
