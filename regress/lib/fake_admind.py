#!/usr/bin/env python3
"""In admind's place, for tests: says to authd and to paild whatever it is asked
to, by lines of JSON on the socket desk.sock next to it.

{"login": [USER, PASSWORD, REMOTE]}	AUTH_START; AUTH_ADMIN or AUTH_NO
{"do": [TOKEN, [ARG, ...], SECRET]}	ADMIN_DO; what is written to its end
{"guess": N}		so many ADMIN_DO, each with a token of its own invention
{"end": ID}		AUTH_END, which is imapd's to say

desk() puts it there, Desk() speaks to it."""

import array
import json
import os
import secrets
import select
import shutil
import socket
import struct
import sys

(HELLO, CONF, PEER, LISTEN, GO, READY) = 1, 10, 11, 12, 13, 14
DRAIN, RELOAD, RELOADED, STATS, COUNTS = 16, 17, 18, 19, 20
PING, PONG, WANT_DO = 25, 26, 153
START, END, AUTH_NO, AUTH_ADMIN = 30, 36, 35, 37
SETUP, AUTH, AUTHD = 1, 2, 4            # channels; a kind (proc_kind.h)
FD = 2


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def text(s):
    if isinstance(s, str):
        s = s.encode()
    return varint(len(s)) + s


class Channel:
    def __init__(self, s, number, version=1):
        self.s, self.data, self.fds = s, b"", []
        self.send(HELLO, 0, struct.pack("<II", number, version))

    def send(self, kind, ident, data=b"", fd=None):
        frame = struct.pack("<IHHII", 16 + len(data), kind,
                            0 if fd is None else FD, ident, 0) + data
        self.s.setblocking(True)
        if fd is None:
            self.s.sendall(frame)
        else:
            socket.send_fds(self.s, [frame], [fd])

    def fill(self):
        data, anc, _, _ = self.s.recvmsg(65536, 1024)
        for level, kind, what in anc:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                a = array.array("i")
                a.frombytes(what[:len(what) - len(what) % a.itemsize])
                self.fds += list(a)
        self.data += data
        return bool(data)

    def messages(self):
        while len(self.data) >= 16:
            size, kind, flags, ident, _ = struct.unpack_from(
                "<IHHII", self.data)
            if len(self.data) < size:
                return
            body, self.data = self.data[16:size], self.data[size:]
            yield kind, ident, body, self.fds.pop(0) if flags & FD else None


def strings(body):
    out = []
    while body:
        n, i, shift = 0, 0, 0
        while True:
            n |= (body[i] & 127) << shift
            shift += 7
            i += 1
            if body[i - 1] < 128:
                break
        out.append(body[i:i + n].decode("utf-8", "replace"))
        body = body[i + n:]
    return out


class Admind:
    def __init__(self):
        self.setup = Channel(socket.socket(fileno=3), SETUP)
        self.authd, self.id, self.logins = None, 0, {}
        path = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])),
                            "desk.sock")
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.clients = {}

    def on_setup(self, kind, ident, body, fd):
        if kind == PEER and body[0] == AUTHD:
            self.authd = Channel(socket.socket(fileno=fd), AUTH)
        elif fd is not None:
            os.close(fd)
        if kind == GO:
            self.setup.send(READY, 0, text(""))
        elif kind == PING:
            self.setup.send(PONG, ident)
        elif kind == RELOAD:
            self.setup.send(RELOADED, ident, b"\1" + text(""))
        elif kind == STATS:
            self.setup.send(COUNTS, ident, varint(0))
        elif kind == DRAIN:
            sys.exit(0)

    def on_auth(self, kind, ident, body, fd):
        c = self.logins.pop(ident, None)
        if c is None:
            return
        if kind == AUTH_ADMIN:
            user, token = strings(body)
            self.tell(c, {"user": user, "token": token})
        elif kind == AUTH_NO:
            self.tell(c, {"code": body[0], "text": strings(body[1:])[0]})
        else:
            self.tell(c, {"kind": kind, "fd": fd is not None})

    def do(self, token, args, secret):
        a, b = socket.socketpair()
        self.id += 1
        self.setup.send(WANT_DO, self.id, text(token) + varint(len(args)) +
                        b"".join(text(x) for x in args) + text(secret) +
                        text("192.0.2.9"), b.fileno())
        b.close()
        return a

    def guess(self, c, n):
        """One end for all answers: nobody waits for any of them."""
        a, b = socket.socketpair()
        said, no = 0, b"error: session\n"
        while n > 0 or said > 0:
            while select.select([self.setup.s], [], [], 0)[0]:
                self.read(self.setup.s)
            if n > 0 and said < 100 * len(no):
                self.id += 1
                n, said = n - 1, said + len(no)
                self.setup.send(WANT_DO, self.id, text(secrets.token_hex(
                    32)) + varint(1) + text("status") + text("") * 2,
                    b.fileno())
                continue
            got = a.recv(65536)
            if got.replace(no, b"").strip(no):
                self.tell(c, {"answer": got.decode()})
                return
            said -= len(got)
        self.tell(c, {"answer": "nothing"})

    def tell(self, c, what):
        try:
            c.sendall(json.dumps(what).encode() + b"\n")
        except OSError:
            pass

    def order(self, c, what):
        if "login" in what:
            user, password, remote = what["login"]
            self.id += 1
            self.logins[self.id] = c
            initial = b"\0" + user.encode() + b"\0" + password.encode()
            self.authd.send(START, self.id, text("PLAIN") + b"\1" +
                            text(initial) + b"\1" + text(remote) +
                            bytes(8) + text("") * 4)
        elif "do" in what:
            self.waits[self.do(*what["do"])] = [c, b""]
        elif "guess" in what:
            self.guess(c, what["guess"])
        elif "end" in what:
            self.authd.send(END, what["end"])
            self.tell(c, {})

    def read(self, s):
        if s is self.listener:
            self.clients[s.accept()[0]] = b""
        elif s in self.waits:
            data = s.recv(65536)
            self.waits[s][1] += data
            if not data:
                c, got = self.waits.pop(s)
                s.close()
                self.tell(c, {"answer": got.decode()})
        elif s in self.clients:
            data = s.recv(65536)
            if not data:
                del self.clients[s]
                s.close()
                return
            self.clients[s] += data
            while b"\n" in self.clients[s]:
                line, self.clients[s] = self.clients[s].split(b"\n", 1)
                self.order(s, json.loads(line))
        elif self.authd is not None and s is self.authd.s:
            if not self.authd.fill():
                self.authd = None
                return
            for m in self.authd.messages():
                self.on_auth(*m)
        else:
            if not self.setup.fill():
                sys.exit(0)
            for m in self.setup.messages():
                self.on_setup(*m)

    def run(self):
        self.waits = {}
        while True:
            all = [self.setup.s, self.listener, *self.clients, *self.waits]
            if self.authd is not None:
                all.append(self.authd.s)
            for s in select.select(all, [], [])[0]:
                self.read(s)


class Desk:
    """A client of it; s as desk() has made it."""

    def __init__(self, s):
        self.c = socket.socket(socket.AF_UNIX)
        self.c.settimeout(30)
        self.c.connect(os.path.join(s.build, "bin/desk.sock"))
        self.f = self.c.makefile("r")

    def ask(self, **what):
        self.send(**what)
        return json.loads(self.f.readline())

    def send(self, **what):
        self.c.sendall(json.dumps(what).encode() + b"\n")

    def login(self, user, password, remote="192.0.2.9"):
        return self.ask(login=[user, password, remote])

    def do(self, token, *args, secret=""):
        """The lines before the document, and that."""
        got = self.ask(do=[token, list(args), secret])["answer"]
        lines = got.splitlines()
        if "ok" in lines:
            return lines[:-1], json.loads(lines[-1])
        return lines, None


def desk(s):
    """s, before its start, has this in admind's place."""
    d = os.path.join(s.dir, "programs")
    shutil.copytree(os.path.join(s.build, "bin"), os.path.join(d, "bin"))
    shutil.copy(__file__, os.path.join(d, "bin", "admind"))
    os.chmod(os.path.join(d, "bin", "admind"), 0o755)
    s.build = d
    return s


if __name__ == "__main__":
    Admind().run()
