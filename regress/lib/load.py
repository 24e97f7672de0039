"""Clients that work until they are stopped, and are told nothing but OK."""

import threading

import proc
from mails import small


class Load:
    """A client for each of users, which may name one twice: done[n] is how
    much the nth has done; what any was told other than OK is in errors."""

    def __init__(self, s, users):
        self.s, self.errors, self.over = s, [], threading.Event()
        self.done = [0] * len(users)
        self.threads = [threading.Thread(target=self._run, args=(n, u))
                        for n, u in enumerate(users)]
        for t in self.threads:
            t.start()

    def work(self, n, user):
        """A client's whole work, until self.over is set: writes, changes and
        reads."""
        c = self.s.client(user)
        c.ok("SELECT INBOX")
        while not self.over.is_set():
            c.append("INBOX", small(n))
            c.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
            c.ok("FETCH 1 BODY[]")
            self.done[n] += 1
        c.logout()

    def _run(self, n, user):
        try:
            self.work(n, user)
        except Exception as e:          # told by check()
            self.errors.append((user, repr(e)))
            self.over.set()

    def check(self):
        assert not self.errors, (self.errors, self.s.log_tail())

    def all_work(self):
        """Each of them has done something since now."""
        was = list(self.done)
        proc.await_true("all clients work", lambda: self.errors or all(
            now > then + 1 for now, then in zip(self.done, was)), 60)
        self.check()

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()
        self.check()
