#!/usr/bin/env python3
"""One attack on imapd, until it is killed; prints "on" when it is under way.

usage: attacks.py KIND PORT [USER PASSWORD]

Strangers: crowd (23 addresses, 100 connections each, silent), net64 (1,010
addresses of one IPv6 /64), sasl (closed in the middle of SASL), shakes (TLS
handshakes), chatter (commands that are none). Users: search (SEARCH with 900
keys, again and again, in 6 sessions), list (patterns of wildcards), deaf
(100 sessions that ask and never read), idle (floods in IDLE), unfinished (40
APPENDs that stop)."""

import selectors
import socket
import ssl
import sys

IPV6_FREEBIND = 78      # <linux/in6.h>; Python has no name for it
NET64 = "fd5a:696c:6d61:11"


class Conn:
    """A connection that comes again when it is cut."""

    def __init__(self, attack, source):
        self.attack, self.source, self.sock = attack, source, None
        self.open()

    def open(self):
        a = self.attack
        self.sock = socket.socket(a.family)
        self.sock.setblocking(False)
        if a.family == socket.AF_INET6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        if self.source is not None:
            self.sock.bind((self.source, 0))
        self.sock.connect_ex((a.host, a.port))
        self.buf, self.out, self.step = b"", b"", 0
        a.sel.register(self.sock, selectors.EVENT_READ, self)

    def reopen(self):
        self.attack.sel.unregister(self.sock)
        self.sock.close()
        try:
            self.open()
        except OSError:
            self.attack.lost += 1

    def say(self, data):
        """As much as the socket takes; the rest when it is writable."""
        self.out += data
        try:
            n = self.sock.send(self.out)
        except BlockingIOError:
            n = 0
        self.out = self.out[n:]
        self.attack.sel.modify(self.sock, selectors.EVENT_READ | (
            selectors.EVENT_WRITE if self.out else 0), self)

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                self.say(b"")
            if mask & selectors.EVENT_READ:
                data = self.sock.recv(65536)
                if not data:
                    return self.reopen()
                self.buf += data
                while b"\n" in self.buf:
                    line, self.buf = self.buf.split(b"\n", 1)
                    self.attack.line(self, line)
        except OSError:
            self.reopen()
        return None


class Attack:
    """Strangers that hold their connections, and say nothing."""

    family, host, n = socket.AF_INET, "127.0.0.1", 2300

    def __init__(self, port, user=None, password=None):
        self.port, self.user, self.password = port, user, password
        self.sel = selectors.DefaultSelector()
        self.lost = 0

    def source(self, i):
        return "127.50.0.%d" % (1 + i % 23)

    def line(self, conn, line):
        pass

    def more(self):
        pass

    def run(self):
        for i in range(self.n):
            Conn(self, self.source(i))
            if i % 50 == 49:
                self.turn(0)
        print("on", flush=True)
        while True:
            self.turn(0.05)
            self.more()

    def turn(self, seconds):
        for key, mask in self.sel.select(seconds):
            key.data.ready(mask)


class Net64(Attack):
    family, host, n = socket.AF_INET6, "::1", 1010

    def source(self, i):
        return "%s::%x" % (NET64, i + 1)


class Sasl(Attack):
    n = 1100

    def line(self, conn, line):
        if line.startswith(b"* OK"):
            conn.say(b"t AUTHENTICATE PLAIN\r\n")
        elif line.startswith(b"+"):
            conn.reopen()


class Chatter(Attack):
    n = 100

    def line(self, conn, line):
        conn.say(b"POST / HTTP/1.1\r\nHost: x\r\n" * 50)


class Users(Attack):
    """Sessions of one user: after the login begin() once, again() at each
    tagged answer."""

    n = 6

    def source(self, i):
        return None

    def line(self, conn, line):
        if line.startswith(b"* OK [CAP") and conn.step == 0:
            conn.step = 1
            conn.say(b"a LOGIN %s %s\r\n" % (self.user.encode(),
                                             self.password.encode()))
        elif line.startswith(b"a OK"):
            conn.say(b"b SELECT INBOX\r\n")
        elif line.startswith(b"b OK"):
            self.begin(conn)
        elif line[:2] == b"c ":
            self.begin(conn)

    def begin(self, conn):
        raise NotImplementedError


class Search(Users):
    def begin(self, conn):
        conn.say(b"c SEARCH" + b" UNDRAFT" * 900 + b"\r\n")


class List(Users):
    def begin(self, conn):
        conn.say(b'c LIST "" "*%' + b"a" * 200 + b'b"\r\n')


class Deaf(Users):
    """They ask and never read again."""

    n = 100

    def begin(self, conn):
        conn.say(b"d UID FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE " +
                 b"ENVELOPE " * 900 + b"UID)\r\n" +
                 b"e FETCH 1:* BODY.PEEK[]\r\n")
        self.sel.unregister(conn.sock)


class Idle(Users):
    n = 4
    junk = b"x" * 65536

    def begin(self, conn):
        conn.say(b"c IDLE\r\n")
        conn.step = 2

    def more(self):
        for key in list(self.sel.get_map().values()):
            conn = key.data
            if conn.step == 2 and len(conn.out) < len(self.junk):
                try:
                    conn.say(self.junk)
                except OSError:
                    conn.reopen()


class Unfinished(Users):
    n = 40

    def begin(self, conn):
        conn.say(b"c APPEND INBOX {60000000+}\r\n" + b"x" * 1000000)


def shakes(port):
    """TLS handshakes, each a new connection from one of some addresses."""
    ctx = ssl._create_unverified_context()
    print("on", flush=True)
    i = 0
    while True:
        i += 1
        try:
            with socket.create_connection(
                    ("127.0.0.1", port), 2,
                    ("127.51.0.%d" % (1 + i % 20), 0)) as sock:
                ctx.wrap_socket(sock, do_handshake_on_connect=True)
        except OSError:
            pass


KINDS = {"crowd": Attack, "net64": Net64, "sasl": Sasl, "chatter": Chatter,
         "search": Search, "list": List, "deaf": Deaf, "idle": Idle,
         "unfinished": Unfinished}

if __name__ == "__main__":
    if sys.argv[1] == "shakes":
        shakes(int(sys.argv[2]))
    KINDS[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:]).run()
