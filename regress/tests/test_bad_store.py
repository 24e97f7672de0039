"""Damaged and truncated objects and index files (bad_store.py). Each case has
its own user, whose objects are a copy of a template's: damage is never served
as mail, it is logged, no process dies, and another user is not affected."""

import os
import random
import re

import bad_store
import imapc
import objects
import proc
import suite
from guard import WAIT, Guard
from mark import normal_only

TEMPLATE, OTHER = "template", "other"


class World:
    """A suite, one template user, and copies of that user."""

    def __init__(self, store="file", logs=0):
        self.s = suite.Suite(store=suite.store(store),
                             users=(TEMPLATE, OTHER, "witness"))
        self.objects = objects.of(self.s)
        self.s.start()
        for user in (OTHER, TEMPLATE):
            if logs:
                self.many_logs(user, logs)
            self.fill(user)

    def fill(self, user):
        r = random.Random(user)

        def mail(what, size):
            return b"Subject: %s\r\n\r\n%s\r\n" % (
                what, r.randbytes(size).hex().encode())
        c = self.s.client(user)
        for i in range(16):     # the first of them leave the head
            c.append("INBOX", mail(b"log %d" % i, 9000))
        c.ok(b"APPEND INBOX " + b" ".join(      # one commit
            b"{%d+}\r\n%s" % (len(m), m) for m in
            (mail(b"pack %d" % i, 12000) for i in range(40))))
        c.append("INBOX", mail(b"large", 400000))
        for i in range(4):
            c.append("INBOX", mail(b"head %d" % i, 300))
        c.ok("SELECT INBOX")
        c.ok("STORE 2:5 +FLAGS (\\Seen $Kept)")
        self.truth, self.looks, self.told = read(c), looks(c), 0
        c.logout()

    def many_logs(self, user, n):
        """So many log objects that the head refers to a manifest."""
        r = random.Random(user + " logs")
        c = self.s.client(user)
        while not self.keys(user, "manifest"):
            for i in range(8):
                c.append("Trash", b"\r\n" + r.randbytes(28000).replace(
                    b"\0", b"x"))
            assert len(self.keys(user, "log")) <= n
        c.logout()

    def copy(self, user):
        """Another user with the template's mail."""
        was, new = objects.prefix(TEMPLATE), objects.prefix(user)
        for key in self.objects.list(was):
            if key != was + "head":
                self.objects.copy(key, new + key[len(was):])
        self.objects.put(new + "head", bad_store.head_of(
            user, self.objects.get(was + "head")))
        self.add(user)

    def add(self, user):
        """One who can log in, with the template's password."""
        with open(os.path.join(self.s.dir, "users")) as f:
            line = [x for x in f if x.startswith(TEMPLATE + ":")][0]
        with open(os.path.join(self.s.dir, "users"), "a") as f:
            f.write(line.replace(TEMPLATE, user, 1))

    def keys(self, user, kind):
        """The user's objects of a kind; "head" is one."""
        return self.objects.list(objects.prefix(user) + kind + "/") \
            if kind != "head" else [objects.prefix(user) + kind]

    def named(self, user):
        """Lines of the log that tell of damage to this user's mail."""
        return [x for x in self.s.log_text().splitlines()
                if re.search(r"\b%s\b" % user, x) and
                re.search("warn|error|crit", x) and
                re.search("damage|missing|no head|history|refus|unknown|"
                          "newer|readonly|another user", x)]


class Inline(World):
    """Users whose few mails lie in the head: with it nothing is missing."""

    def fill(self, user):
        c = self.s.client(user)
        for i in range(3):
            c.append("INBOX", b"Subject: %s\r\n\r\n%d\r\n" % (
                user.encode(), i))
        c.ok("SELECT INBOX")
        self.truth = read(c)
        c.logout()
        assert not self.keys(user, "log")


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


def run_cases(cases, store="file", logs=0):
    """cases: (user, what, damage, check) with damage(world, user)."""
    w = World(store, logs)
    with w.s as s:
        s.stop()
        for user, what, damage, check in cases:
            w.copy(user)
            damage(w, user)
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
                 "BODYSTRUCTURE)").lines if b" FETCH (" in x] + \
        c.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)").lines + \
        sorted(c.ok('LIST "" *').lines)


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


def on(kind, how):
    """Damage to the first object of that kind."""
    def do(w, user):
        key = w.keys(user, kind)[0]
        data = w.objects.get(key)
        new = how(data)
        assert new != data, key
        w.objects.put(key, new)
    return do


def gone(kind):
    def do(w, user):
        w.objects.delete(w.keys(user, kind)[0])
    return do


def swapped(kind, other):
    """The other object's octets in the place of this one."""
    def do(w, user):
        data = w.objects.get(w.keys(user, other)[0])
        w.objects.put(w.keys(user, kind)[0], data)
    return do


def large(w, user):
    return partly(w, user, b"Subject: large\r")


def packed(w, user):
    return partly(w, user, b"Subject: pack ")


def of_another(kind):
    """Another user's, of the same kind."""
    def do(w, user):
        data = w.objects.get(w.keys(OTHER, kind)[0])
        w.objects.put(w.keys(user, kind)[0], data)
    return do


def cases_of(kind, rows, check, *others):
    """Damage to the objects of a kind, without it, and with another's octets
    in its place. others: kinds."""
    cases = [(what, on(kind, how)) for what, how in rows]
    cases += [("none", gone(kind)), ("another's", of_another(kind))]
    cases += [("a %s as it" % k, swapped(kind, k)) for k in others]
    return [("%s%d" % (kind, i), "%s, %s" % (kind, what), damage, check)
            for i, (what, damage) in enumerate(cases)]


HEADS = cases_of("head", bad_store.HEAD, refused, "log", "msg")
LOGS = cases_of("log", bad_store.LOG, refused, "head")
MANIFESTS = cases_of("manifest", bad_store.WHOLE, refused, "head")
MESSAGES = cases_of("msg", bad_store.MESSAGE, large, "pack") + \
    cases_of("pack", bad_store.PACK, packed, "msg")


def test_a_damaged_head_is_refused():
    run_cases(HEADS)


def test_a_damaged_log_object_is_refused():
    run_cases(LOGS)


def test_a_damaged_manifest_is_refused():
    run_cases(MANIFESTS, logs=100)


def test_damaged_messages_are_never_served():
    run_cases(MESSAGES)


def some(cases):
    """Fewer rows: each kind of damage once."""
    return [c for c in cases if c[1].partition(", ")[2] not in
            bad_store.ALIKE]


@normal_only("takes 15 s; the file store's form runs there")
def test_damage_in_an_s3_bucket_is_treated_alike():
    run_cases(some(HEADS + LOGS + MESSAGES), "minio")
    run_cases(some(MANIFESTS), "minio", logs=100)


def another_head(store):
    """A head copied over another user's, as `mc cp` does it: over one who
    has mail, and to one who never logged in."""
    w = Inline(store)
    with w.s as s:
        w.add("new")
        head, own = [w.objects.get(w.keys(user, "head")[0])
                     for user in (TEMPLATE, OTHER)]
        c = s.client(OTHER)
        c.ok("SELECT INBOX")
        before = w.objects.list(objects.prefix(OTHER))
        for user in (OTHER, "new"):
            w.objects.put(w.keys(user, "head")[0], head)
        try:                                # in the midst of a session
            a = c.cmd("APPEND INBOX", b"Subject: x\r\n\r\nx\r\n")
            assert a.status == "NO", a
            a = c.cmd("STATUS INBOX (MESSAGES)")
            assert a.status == "NO", a
        except imapc.Closed:
            pass
        for forget in (None, (), ("index",), ("",)):
            if forget is not None:
                s.stop()
                if forget:
                    s.forget(*forget)
                s.start()
            for user in (OTHER, "new"):
                why = refused(w, user)
                assert not why, (forget, user, why)
                assert re.search("user=%s .*result=quarantined .*another user" %
                                 user, s.log_text()), s.log_tail()
        for user in (OTHER, "new"):
            assert w.objects.get(w.keys(user, "head")[0]) == head
            r = s.ctl("dump", user, check=False)
            assert r.returncode == 1, r
            assert ("another user: %s" % TEMPLATE).encode() in r.stdout, r
        assert w.objects.list(objects.prefix(OTHER)) == before
        assert w.objects.list(objects.prefix("new")) == w.keys("new", "head")
        s.stop()
        w.objects.put(w.keys(OTHER, "head")[0], own)
        s.start()
        for user in (TEMPLATE, OTHER):
            c = s.client(user)
            c.ok("SELECT INBOX")
            assert len(read(c)) == 3
            c.logout()
        assert ("head user=%s " % OTHER).encode() in s.ctl(
            "dump", OTHER).stdout


def test_another_users_head_is_never_read():
    another_head("file")
    another_head("minio")


def unserved(s, what):
    """Started on that store: one clear line, and nobody is served."""
    at = len(s.log_text())
    s.start(wait=False)
    proc.await_true("the log names " + what, lambda: re.search(
        "store.*(damaged|newer version|another store)", s.log_text()[at:]),
        60)
    try:
        s.client(TEMPLATE, timeout=5).logout()
    except (imapc.No, imapc.Closed, OSError):
        proc.end(s.p)
        s.p = None
        s.log.close()
        return
    raise AssertionError("%s: served" % what)


def damage_store_object(store):
    with suite.Suite(store=suite.store(store), users=(TEMPLATE,)) as s:
        c = s.client(TEMPLATE)
        c.append("INBOX", b"Subject: x\r\n\r\nx\r\n")
        c.logout()
        s.stop()
        o = objects.of(s)
        good = o.get("pail")
        rows = [(what, how(good)) for what, how in bad_store.WHOLE
                if what not in bad_store.ALIKE] + [
            ("a head as it", o.get(objects.prefix(TEMPLATE) + "head")),
            ("none", None)]
        for what, data in rows if store == "file" else rows[::3]:
            if data is None:
                o.delete("pail")
            else:
                o.put("pail", data)
            unserved(s, what)
        o.put("pail", good)
        s.start()
        c = s.client(TEMPLATE)
        c.ok("SELECT INBOX")
        assert len(c.ok("UID FETCH 1:* FLAGS").lines) == 1
        c.logout()


@normal_only("takes 10 s")
def test_a_damaged_store_object_is_refused():
    damage_store_object("file")
    damage_store_object("minio")


def index_cases(w, prefix):
    out = []
    for part, rows in (("hot", bad_store.HOT), ("cold", bad_store.COLD)):
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


def test_damaged_index_files_are_made_anew():
    damage_index(killed=False)


def test_damaged_index_files_after_a_crash_are_made_anew():
    damage_index(killed=True)
