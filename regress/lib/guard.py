"""Watches a suite that is given malformed input: its processes stay alive,
none grows beyond a limit, and another session is not affected."""

import os
import threading
import time

import imapc

ASAN = bool(os.environ.get("REGRESS_ASAN"))
# Peak growth of one process. ASan keeps what was freed and pads what was
# allocated: there the bound is only against runaways.
GROWTH_KIB = (700 if ASAN else 96) * 1024
WAIT = 30 if ASAN else 10   # seconds for an answer of the other session


def peak_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


class Guard:
    """with Guard(suite): ... A user of its own, "witness", must exist."""

    def __init__(self, s, growth_kib=GROWTH_KIB):
        self.s, self.growth_kib = s, growth_kib
        self.stop = threading.Event()
        self.error = None
        self.rounds = 0
        self.slowest = 0.0

    def witness(self):
        try:
            c = self.s.client("witness", timeout=WAIT)
            n = 0
            while self.rounds == 0 or not self.stop.wait(0.1):
                begun = time.monotonic()
                n += 1
                c.append("INBOX", b"Subject: witness %d\r\n\r\nx\r\n" % n)
                c.ok("SELECT INBOX")
                a = c.ok("FETCH %d (ENVELOPE BODY[])" % n)
                assert b"witness %d" % n in a.lines[0], a.lines
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.rounds += 1
            c.logout()
        except BaseException as e:
            self.error = e

    def __enter__(self):
        self.before = sorted(self.s.children())
        self.peaks = {pid: peak_kib(pid) for pid, _ in self.before}
        self.thread = threading.Thread(target=self.witness)
        self.thread.start()
        return self

    def alive(self, what):
        now = sorted(self.s.children())
        assert now == self.before, "%s: %s, before %s\n%s" % (
            what, now, self.before, self.s.log_tail())

    def __exit__(self, *exc):
        self.stop.set()
        self.thread.join(60)
        if exc[0] is not None:
            print(self.s.log_tail())
            return
        assert not self.thread.is_alive(), "the other session hangs"
        if self.error:
            raise self.error
        assert self.rounds > 0
        self.alive("at the end")
        worst = 0
        for pid, name in self.before:
            grown = peak_kib(pid) - self.peaks[pid]
            worst = max(worst, grown)
            assert grown <= self.growth_kib, "%s grew by %d KiB" % (
                name, grown)
        print("   the other session: %d rounds, slowest %.0f ms; "
              "largest growth of a process %d KiB" % (
                  self.rounds, self.slowest * 1000, worst))


class Wire(imapc.Imap):
    """Says octets as they are; hears what they bring about."""

    def provoke(self, octets):
        """What was answered before the answer of a NOOP behind it."""
        heard = []
        try:
            self.send(octets + b"probe NOOP\r\n")
            while True:
                line = self.line()
                word = line.split(b" ", 2)
                if line.startswith(b"probe "):
                    break
                if line.startswith(b"+"):
                    heard.append("+")
                elif line.startswith(b"* BYE"):
                    heard.append("BYE")
                elif line.startswith(b"* BAD"):
                    heard.append("BAD")
                elif word[0] != b"*":
                    heard.append(word[1].decode())
        except imapc.Closed:
            if "BYE" not in heard:
                heard.append("closed")
        except TimeoutError:
            heard.append("silence")
        return " ".join(heard)
