"""The bench's rows of LMTP: one mail after the other, from 20 connections at
once (Postfix's smtp-source), and to 100 recipients."""

import os
import socket
import subprocess
import time

import chroot
import proc

SOURCE = os.path.join(chroot.TOOLS, "postfix/usr/sbin/smtp-source")
USERS = ["r%d" % n for n in range(100)]         # of the third row
ROWS = ("LMTP one by one /s", "LMTP 20 connections /s",
        "LMTP 20 users, one each /s", "LMTP to 100 recipients /s")


class Client:
    """Commands of a message in one write, as any MTA that pipelines."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 120)
        self.file = self.sock.makefile("rb")
        self.answers(1)
        self.sock.sendall(b"LHLO bench.example\r\n")
        self.answers(1)

    def answers(self, n):
        out = []
        while len(out) < n:
            line = self.file.readline()
            assert line[:1] in b"23" and line, (line, out[-1:])
            if line[3:4] != b"-":
                out.append(line)
        return out

    def mail(self, rcpts, data):
        """data: with dots doubled, and the last line of DATA."""
        self.sock.sendall(b"MAIL FROM:<a@bench.example>\r\n" + b"".join(
            b"RCPT TO:<%s>\r\n" % r for r in rcpts) + b"DATA\r\n")
        self.answers(len(rcpts) + 2)
        self.sock.sendall(data)
        self.answers(len(rcpts))

    def close(self):
        self.sock.close()


def octets(k, mail):
    """With an id of its own, for each run."""
    return b"Message-ID: <%d.%d@bench.example>\r\n" % (
        k, time.monotonic_ns()) + mail.replace(b"\n.", b"\n..") + b"\r\n.\r\n"


def one_by_one(port, mails):
    c = Client(port)
    c.mail([b"ann"], octets(0, mails[0]))       # the first warms
    start = time.monotonic()
    for k, m in enumerate(mails):
        c.mail([b"ann"], octets(k, m))
    took = time.monotonic() - start
    c.close()
    return len(mails) / took


def source(port, to, connections, n):
    return proc.spawn(
        [SOURCE, "-L", "-d", "-s", str(connections), "-m", str(n), "-l",
         "4096", "-M", "bench.example", "-f", "a@bench.example", "-t", to,
         "inet:127.0.0.1:%d" % port], stdout=subprocess.DEVNULL,
        env=dict(os.environ, LD_LIBRARY_PATH=chroot.library_path(
            os.path.join(chroot.TOOLS, "postfix/usr/lib/postfix"))))


def await_sources(sources, n):
    start = time.monotonic()
    for p in sources:
        assert p.wait() == 0
    return n / (time.monotonic() - start)


def connections(port, n):
    """To one user."""
    return await_sources([source(port, "ann", 20, n)], n)


def users(port, n):
    return await_sources([source(port, u, 1, n // 20) for u in USERS[:20]],
                         n // 20 * 20)


def recipients(port, mails):
    """Deliveries a second."""
    c = Client(port)
    to = [u.encode() for u in USERS]
    c.mail(to, octets(0, mails[0]))             # creates the mailboxes
    start = time.monotonic()
    for k, m in enumerate(mails):
        c.mail(to, octets(k, m))
    took = time.monotonic() - start
    c.close()
    return len(mails) * len(to) / took


def rows(server, row, mails, n, few):
    """count.puts, between the rows, is what the store gives at the time."""
    puts = row.count.puts
    for name, fn, arg in ((ROWS[0], one_by_one, mails[:few]),
                          (ROWS[1], connections, n), (ROWS[2], users, n),
                          (ROWS[3], recipients, mails[:20])):
        if row.wants(name):
            for before in (True, False):
                if puts:
                    puts.turn(4096, 300)
                    if fn is users:
                        puts.many(4096, 30)
                if before:
                    row(name, fn, server.lmtp_port, arg)
