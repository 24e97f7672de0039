#!/usr/bin/env python3
"""Strangers that guess passwords, until they are killed: each of ADDRESSES
addresses of 127.0.0.0/8 has EACH connections that send a LOGIN, wait for the
answer, and send the next. Prints, four times a second, how many were sent,
and how many were answered with NO, and with [UNAVAILABLE] or BYE. With HURRY
connections, those are all that there are, from the addresses in turn, and they
do not wait for an answer: a LOGIN is sent, and the next connection made.

usage: flood.py PORT ADDRESSES EACH NAME [HURRY [FIRST]]
	(NAME -: another each time; FIRST: addresses to leave to others)"""

import os
import selectors
import socket
import sys
import time


class Conn:
    def __init__(self, flood, address):
        self.flood, self.address, self.sock = flood, address, None
        self.open()

    def open(self):
        self.buf = b""
        self.greeted = False
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.bind((self.address, 0))
        self.sock.connect_ex(("127.0.0.1", self.flood.port))
        self.flood.sel.register(self.sock, selectors.EVENT_READ, self)

    def reopen(self):
        self.flood.sel.unregister(self.sock)
        self.sock.close()
        self.open()

    def guess(self):
        name = self.flood.name
        if name == "-":
            name = "r" + os.urandom(6).hex()
        self.sock.send(b"a LOGIN %s %s\r\n" % (
            name.encode(), os.urandom(6).hex().encode()))
        self.flood.sent += 1

    def readable(self):
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            return self.reopen()
        self.buf += data
        while b"\n" in self.buf:
            line, self.buf = self.buf.split(b"\n", 1)
            if b"UNAVAILABLE" in line or line.startswith(b"* BYE"):
                self.flood.refused += 1
            elif line.startswith(b"a "):
                self.flood.no += 1
            if line.startswith(b"a ") or not self.greeted:
                self.greeted = True
                try:
                    self.guess()
                except OSError:
                    return self.reopen()
                if self.flood.hurry:
                    return self.reopen()
        return None


class Flood:
    def __init__(self, port, addresses, each, name, hurry=0, first=0):
        self.port, self.name, self.hurry = port, name, hurry
        self.sent = self.no = self.refused = 0
        self.sel = selectors.DefaultSelector()
        for i in range(hurry or addresses * each):
            n = first + i % addresses
            Conn(self, "127.%d.%d.1" % (10 + n // 200, n % 200))

    def run(self):
        told, began = 0, time.monotonic()
        while True:
            # a thousand a second: more is a test of this program
            while self.hurry and \
                    self.sent > 1000 * (time.monotonic() - began):
                time.sleep(0.01)
            for key, _ in self.sel.select(0.1):
                key.data.readable()
            if time.monotonic() - told >= 0.25:
                told = time.monotonic()
                print(self.sent, self.no, self.refused, flush=True)


if __name__ == "__main__":
    Flood(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]),
          sys.argv[4], *map(int, sys.argv[5:])).run()
