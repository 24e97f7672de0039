"""Damaged and truncated objects and index files (bad_store.py). Each case
has a user of its own, whose objects are a copy of one template's: nobody
reads damage as mail, it is named in the log, no process dies, and the user
beside it goes on."""

import hashlib
import os
import random
import re
import shutil

import bad_store
import imapc
import suite
from guard import WAIT, Guard
from run import asan

TEMPLATE = "template"


class World:
    """A suite, one template user, and copies of that user."""

    def __init__(self, logs=0):
        self.s = suite.Suite(users=(TEMPLATE, "witness"))
        self.names = []
        self.share = logs > 0
        self.s.start()
        if logs:
            self.many_logs(logs)
        self.fill()

    def fill(self):
        r = random.Random(1)

        def mail(what, size):
            return b"Subject: %s\r\n\r\n%s\r\n" % (
                what, r.randbytes(size).hex().encode())
        c = self.s.client(TEMPLATE)
        for i in range(16):     # the first of them leave the head
            c.append("INBOX", mail(b"log %d" % i, 9000))
        c.pipeline([("APPEND INBOX", mail(b"pack %d" % i, 12000))
                    for i in range(40)])
        c.append("INBOX", mail(b"large", 400000))
        for i in range(4):
            c.append("INBOX", mail(b"head %d" % i, 300))
        c.ok("SELECT INBOX")
        c.ok("STORE 2:5 +FLAGS (\\Seen $Kept)")
        self.truth, self.looks, self.told = read(c), looks(c), 0
        c.logout()

    def many_logs(self, n):
        """So many log objects that the head refers to a manifest."""
        r = random.Random(2)
        c = self.s.client(TEMPLATE)
        where = self.where(TEMPLATE)
        while not os.path.isdir(os.path.join(where, "manifest")):
            for i in range(8):
                c.append("Trash", b"\r\n" + r.randbytes(28000))
            assert len(self.objects(where, "log")) <= n
        c.logout()

    def where(self, user):
        return os.path.join(self.s.dir, "store",
                            hashlib.md5(user.encode()).hexdigest()[:8], user)

    def copy(self, user):
        """Another user with the template's mail; its directory."""
        def take(src, dst):     # the many log objects stay as they are
            if self.share and "/log/" in src:
                os.link(src, dst)
            else:
                shutil.copy2(src, dst)
        shutil.copytree(self.where(TEMPLATE), self.where(user),
                        copy_function=take)
        for d, _, files in os.walk(os.path.dirname(self.where(user))):
            for x in [d] + [os.path.join(d, f) for f in files]:
                st = os.stat(self.where(TEMPLATE))
                os.chown(x, st.st_uid, st.st_gid)
        with open(os.path.join(self.s.dir, "users")) as f:
            line = [x for x in f if x.startswith(TEMPLATE + ":")][0]
        with open(os.path.join(self.s.dir, "users"), "a") as f:
            f.write(line.replace(TEMPLATE, user, 1))
        self.names.append(user)
        return self.where(user)

    def objects(self, where, kind):
        d = os.path.join(where, kind)
        return [os.path.join(d, n) for n in sorted(os.listdir(d))]

    def named(self, user):
        """Lines of the log that tell of damage to this user's mail."""
        return [x for x in self.s.log_text().splitlines()
                if re.search(r"\b%s\b" % user, x) and
                re.search("warn|error|crit", x) and
                re.search("damage|missing|no head|history|refus|unknown|"
                          "newer|readonly", x)]


def read(c):
    """{uid: (flags, mail)}; raises imapc.No when something is refused."""
    out = {}
    for x in c.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])").lines:
        m = re.match(rb"\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\) BODY\[\] "
                     rb"\{\d+\}\r\n(.*)\)$", x, re.S)
        if m:
            flags = frozenset(m.group(2).split()) - {b"\\Recent"}
            out[int(m.group(1))] = (flags, m.group(3))
    return out


def refused(w, user):
    """No part of this user's mail may be seen; what is wrong."""
    try:
        c = w.s.client(user, timeout=WAIT)
        for cmd in ("SELECT INBOX", "STATUS INBOX (MESSAGES UIDNEXT)",
                    'LIST "" *', "CREATE new"):
            a = c.cmd(cmd)
            if a.status == "OK":
                return "%s: %s %s" % (cmd, a, a.lines)
        a = c.cmd("APPEND INBOX", b"Subject: x\r\n\r\nx\r\n")
        if a.status == "OK":
            return "APPEND: %s" % a
        c.close()
    except (imapc.Closed, imapc.No):
        pass
    except TimeoutError:
        return "no answer in %d s" % WAIT
    if not w.named(user):
        return "the log says nothing"
    return None


def partly(w, user, subject):
    """What is damaged gets NO (or BYE); the rest is whole; no other octets
    are ever served."""
    saw_no = False
    c = w.s.client(user, timeout=WAIT)
    c.ok("SELECT INBOX")
    for uid, (flags, mail) in w.truth.items():
        hit = subject in mail[:30]
        if not hit and uid % 7:
            continue
        try:
            a = c.cmd("UID FETCH %d BODY.PEEK[]" % uid)
        except imapc.Closed:
            if not hit:
                return "closed at a sound mail, UID %d" % uid
            saw_no = True
            c = w.s.client(user, timeout=WAIT)
            c.ok("SELECT INBOX")
            continue
        got = [x for x in a.lines if b"BODY[]" in x]
        if a.status == "OK" and got:
            if not got[0].endswith(b"\r\n" + mail + b")"):
                return "UID %d: other octets" % uid
        elif not hit:
            return "UID %d, which is sound: %s" % (uid, a)
        else:
            saw_no = True
    c.close()
    if not saw_no:
        return "the damage did not show"
    return None if w.named(user) else "the log says nothing"


def run_cases(cases, logs=0):
    """cases: (user, what, damage, check) with damage(world, directory)."""
    w = World(logs)
    with w.s as s:
        s.stop()
        for user, what, damage, check in cases:
            damage(w, w.copy(user))
        s.forget()
        s.start()
        wrong = []
        with Guard(s) as g:
            for user, what, damage, check in cases:
                why = check(w, user)
                if why:
                    wrong.append("%s: %s" % (what, why))
                g.alive(what)
            c = s.client(TEMPLATE)
            c.ok("SELECT INBOX")
            assert read(c) == w.truth, "the template's mail differs"
            c.logout()
        assert not wrong, "\n".join(wrong)
        print("   %d rows" % len(cases))


def looks(c):
    """All that the index tells of the messages."""
    c.ok("SELECT INBOX")
    return [re.sub(rb" ?\\Recent", b"", x).replace(b"( ", b"(") for x in
            c.ok("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE "
                 "BODYSTRUCTURE)").lines if b" FETCH (" in x]


def mended(w, user, must_tell):
    """After at most three sessions that were refused, all is right; nothing
    that is wrong was said before."""
    tries = 0
    while True:
        tries += 1
        try:
            c = w.s.client(user, timeout=WAIT)
            seen = looks(c)
            if seen != w.looks:
                return "other answers: %s" % [
                    (a[:300], b[:300]) for a, b in zip(seen, w.looks)
                    if a != b][:2]
            if read(c) != w.truth:
                return "other mail"
            if len(c.ok("SEARCH SUBJECT pack").lines[0].split()) != 42:
                return "SEARCH differs"
            c.ok("STORE 1 +FLAGS (\\Seen)")
            c.logout()
            break
        except TimeoutError:
            return "no answer in %d s" % WAIT
        except (imapc.No, imapc.Closed) as e:
            if tries == 4:
                return "refused for ever: %r" % e
    told = re.findall(r"index.*/%s\..*anew|index.*/%s\..*rebuilt|user=%s "
                      r".*(?:rebuil|damage)" % (user,
        user, user), w.s.log_text())
    if not told and (tries > 1 or must_tell):
        return "the log says nothing of what was refused"
    w.told += bool(told)
    return None


def on(kind, how, n=0):
    def do(w, where):
        path = os.path.join(where, "head") if kind == "head" else \
            w.objects(where, kind)[n]
        bad_store.change(path, how)
    return do


def gone(kind):
    def do(w, where):
        os.unlink(os.path.join(where, "head") if kind == "head" else
                  w.objects(where, kind)[0])
    return do


def swapped(kind, other):
    """The other object's octets in the place of this one."""
    def do(w, where):
        def path(k):
            return os.path.join(where, "head") if k == "head" else \
                w.objects(where, k)[0]
        with open(path(other), "rb") as f:
            data = f.read()
        bad_store.change(path(kind), lambda _: data)
    return do


@asan
def test_a_damaged_head_is_refused():
    cases = [("h%d" % i, "head, " + what, on("head", how), refused)
             for i, (what, how) in enumerate(bad_store.HEAD)]
    cases += [("h90", "no head", gone("head"), refused),
              ("h91", "a log object as head", swapped("head", "log"),
               refused),
              ("h92", "a message as head", swapped("head", "msg"), refused)]
    run_cases(cases)


@asan
def test_a_damaged_log_object_is_refused():
    cases = [("l%d" % i, "log object, " + what, on("log", how), refused)
             for i, (what, how) in enumerate(bad_store.LOG)]
    cases += [("l90", "no log object", gone("log"), refused),
              ("l91", "the head as log object", swapped("log", "head"),
               refused)]
    run_cases(cases)


def test_a_damaged_manifest_is_refused():
    cases = [("n%d" % i, "manifest, " + what, on("manifest", how), refused)
             for i, (what, how) in enumerate(bad_store.WHOLE)]
    cases += [("n90", "no manifest", gone("manifest"), refused),
              ("n91", "the head as manifest", swapped("manifest", "head"),
               refused)]
    run_cases(cases, logs=100)


@asan
def test_damaged_messages_are_never_served():
    def large(w, u):
        return partly(w, u, b"Subject: large\r")

    def packed(w, u):
        return partly(w, u, b"Subject: pack ")
    cases = [("m%d" % i, "message, " + what, on("msg", how), large)
             for i, (what, how) in enumerate(bad_store.MESSAGE)]
    cases += [("p%d" % i, "pack, " + what, on("pack", how), packed)
              for i, (what, how) in enumerate(bad_store.PACK)]
    cases += [("m90", "no message", gone("msg"), large),
              ("m91", "a pack as message", swapped("msg", "pack"), large),
              ("p90", "no pack", gone("pack"), packed),
              ("p91", "a message as pack", swapped("pack", "msg"), packed)]
    run_cases(cases)


def index_cases(w, prefix):
    out = []
    for part, rows in (("hot", bad_store.INDEX), ("cold", bad_store.COLD)):
        for i, (what, how) in enumerate(rows):
            out.append(("%s%s%d" % (prefix, part[0], i),
                        "%s, %s" % (part, what), part, how))
    return out


def damage_index(killed):
    w = World()
    with w.s as s:
        s.stop()
        cases = index_cases(w, "i")
        for user, what, part, how in cases:
            w.copy(user)
        s.forget()
        s.start()
        for user, what, part, how in cases:
            c = s.client(user)
            assert looks(c) == w.looks
            c.logout()
        if killed:
            s.kill_all()
        else:
            s.stop()
        index = os.path.join(s.dir, "cache", "index")
        for user, what, part, how in cases:
            path = os.path.join(index, "%s.%s" % (user, part))
            wal = path + "-wal"
            if killed and os.path.exists(wal) and os.path.getsize(wal):
                path = wal
            bad_store.change(path, how)
        s.start()
        wrong = []
        with Guard(s) as g:
            for user, what, part, how in cases:
                why = mended(w, user, not killed and
                             what in bad_store.UNREADABLE)
                if why:
                    wrong.append("%s %s: %s" % (user, what, why))
                g.alive(what)
        assert not wrong, "\n".join(wrong)
        print("   %d rows, %d of them told in the log" % (len(cases),
                                                          w.told))


@asan
def test_damaged_index_files_are_made_anew():
    damage_index(killed=False)


@asan
def test_damaged_index_files_after_a_crash_are_made_anew():
    damage_index(killed=True)
