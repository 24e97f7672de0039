"""An IMAP client that believes only what it was told (RFC 3501): it keeps its
own view of the selected mailbox from EXISTS, EXPUNGE and FETCH, and fails at
the first line that contradicts it."""

import re
import tempfile
import time

import imapc
import suite

TRACE = 20000           # lines kept
NO_EXPUNGE = {"FETCH", "STORE", "SEARCH"}       # RFC 3501, section 7.4.1


class Wrong(AssertionError):
    """The server contradicted itself."""


class Bye(Wrong):
    """The server ended the session."""


class View:
    def __init__(self, box):
        self.box = box
        self.uids = None        # by sequence number; None: not told yet
        self.flags = {}         # uid: what was told last, None: unsure
        self.gone = []          # UIDs in the order of their EXPUNGE
        self.validity = None

    def known(self):
        return [u for u in self.uids if u is not None]

    def exists(self, n, selecting):
        if self.uids is None and selecting:
            self.uids = [None] * n
            return
        if self.uids is None or n < len(self.uids):
            raise Wrong("%d EXISTS, but there were %r" % (n, self.uids))
        self.uids += [None] * (n - len(self.uids))

    def expunge(self, n):
        if not self.uids or not 1 <= n <= len(self.uids):
            raise Wrong("%d EXPUNGE of %r" % (n, self.uids))
        uid = self.uids.pop(n - 1)
        self.gone.append(uid)
        self.flags.pop(uid, None)

    def fetch(self, n, uid, flags):
        """One FETCH line; the UID it is about, if that is known."""
        if not self.uids or not 1 <= n <= len(self.uids):
            raise Wrong("%d FETCH, there are %d" % (
                n, len(self.uids or ())))
        have = self.uids[n - 1]
        if uid is not None and have is None:
            self.learn(n - 1, uid)
        elif uid is not None and have != uid:
            raise Wrong("number %d was UID %d, is UID %d: %r" % (
                n, have, uid, self.uids))
        uid = self.uids[n - 1]
        if flags is not None and uid is not None:
            self.flags[uid] = flags
        return uid

    def learn(self, i, uid):
        before = [u for u in self.uids[:i] if u is not None]
        after = [u for u in self.uids[i + 1:] if u is not None]
        if (before and before[-1] >= uid) or (after and after[0] <= uid) \
                or uid in self.gone:
            raise Wrong("UID %d at number %d of %r (gone: %r)" % (
                uid, i + 1, self.uids, self.gone[-20:]))
        self.uids[i] = uid


class Session(imapc.Imap):
    """told(view, uid, flags, token, since) is called for each FETCH."""

    def __init__(self, s, told, user="ann", password=None):
        self.view, self.under_way, self.told = None, {}, told
        self.trace = []
        super().__init__(s.imap_port, user, password or suite.PASSWORD,
                         timeout=120)

    def start(self, command, literal=None):
        text = command if isinstance(command, str) else \
            command.split(b"{")[0].decode()
        words = text.upper().split()
        word = " ".join(words[:2]) if words[0] == "UID" else words[0]
        if word in ("SELECT", "EXAMINE"):
            self.view = View(text.split()[1])
        self.under_way["a%d" % (self.n + 1)] = (word, time.monotonic())
        self.note("C: a%d %s" % (self.n + 1, text))
        return super().start(command, literal)

    def finish(self, tag):
        try:
            a = super().finish(tag)
        except Bye:
            raise
        except Wrong as e:
            raise Wrong("%s\n%s" % (e, self.tail())) from None
        return a

    def tail(self, n=40):
        """The last lines; all of them into a file that it names."""
        fd, path = tempfile.mkstemp(".trace", "pail-session-")
        with open(fd, "w") as f:
            f.write("\n".join(self.trace) + "\n")
        return "\n".join(self.trace[-n:] + ["all: " + path])

    def note(self, line):
        self.trace.append(line[:300])
        del self.trace[:-TRACE]

    def line(self):
        line = super().line()
        self.note("S: " + line.decode("latin-1"))
        self.hear(line)
        return line

    def hear(self, line):
        if not line.startswith(b"* "):
            self.under_way.pop(line.split(b" ")[0].decode("latin-1"), None)
            return
        running = {w for w, _ in self.under_way.values()}
        m = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH)", line)
        if line.startswith(b"* BYE") and "LOGOUT" not in running:
            raise Bye(line.decode("latin-1"))
        v = re.match(rb"\* OK \[UIDVALIDITY (\d+)\]", line)
        if v and self.view is not None:
            self.view.validity = int(v.group(1))
        if not m:
            return
        n, what = int(m.group(1)), m.group(2)
        if what == b"EXISTS":
            self.view.exists(n, running & {"SELECT", "EXAMINE"})
        elif what == b"EXPUNGE":
            if running & NO_EXPUNGE or not running:
                raise Wrong("EXPUNGE during %r" % running)
            self.view.expunge(n)
        else:
            self.hear_fetch(n, line)

    def hear_fetch(self, n, line):
        head, _, body = line.partition(b"\r\n")
        rest = head + body[-200:]
        uid = re.search(rb"[( ]UID (\d+)", rest)
        f = re.search(rb"[( ]FLAGS \(([^)]*)\)", rest)
        t = re.search(rb"X-Token: (\S+)", body)
        flags = None if f is None else frozenset(
            set(f.group(1).decode().split()) - {"\\Recent"})
        uid = self.view.fetch(n, None if uid is None else int(uid.group(1)),
                              flags)
        since = min([t for _, t in self.under_way.values()],
                    default=time.monotonic())
        self.told(self.view, uid, flags,
                  None if t is None else t.group(1).decode(), since)
