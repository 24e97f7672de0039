"""What paild does as root with the operator's files: it follows no symbolic
links to them, gives away nothing that does not belong to Pail, and warns of
files that others can read or write. Most tests need root."""

import os
import pwd
import re
import shutil
import socket
import stat
import subprocess

import imapc
import proc
import suite
from mark import normal_only

ROOT = os.geteuid() == 0


def refused(s):
    """paild does not start; what it says."""
    r = subprocess.run([s.bin("paild"), "-d", "-f", s.conf], cwd=s.dir,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       stdin=subprocess.DEVNULL, timeout=60)
    text = r.stderr.decode()
    assert r.returncode != 0 and b"ready" not in r.stdout, text
    return text


def store_user():
    try:
        return pwd.getpwnam("_pail_store")
    except KeyError:
        return pwd.getpwnam("nobody")


def victim(s, *inside):
    d = os.path.join(s.dir, "roots")
    os.mkdir(d, 0o755)
    for name in inside:
        open(os.path.join(d, name), "w").close()
    return d


def test_a_swapped_cache_gives_nothing_of_roots_away():
    if not ROOT:
        return
    for inside in ((), ("file",)):
        s = suite.Suite()
        d = victim(s, *inside)
        os.symlink(d, os.path.join(s.dir, "cache"))
        text = refused(s)
        assert "symbolic link" in text and s.dir + "/cache" in text, text
        assert os.stat(d).st_uid == 0 and os.listdir(d) == list(inside)


def test_a_store_that_is_a_link_is_not_followed():
    if not ROOT:
        return
    s = suite.Suite()
    d = victim(s)
    os.symlink(d, os.path.join(s.dir, "store"))
    assert "symbolic link" in refused(s)
    assert os.stat(d).st_uid == 0 and os.listdir(d) == []


def test_a_directory_of_others_is_not_taken():
    """cache.path: /var would be given to _pail_store."""
    if not ROOT:
        return
    s = suite.Suite()
    d = victim(s, "lib")
    s.over = {"cache": "{path: %s}" % d}
    s.write_conf()
    text = refused(s)
    assert d in text and "not empty" in text and "chown -R" in text, text
    assert os.stat(d).st_uid == 0
    # Somebody else's, empty or not.
    os.unlink(os.path.join(d, "lib"))
    os.chown(d, 65532, 65532)
    assert "is owned by uid 65532" in refused(s)
    assert os.stat(d).st_uid == 65532
    # Empty, and root's: that is what a new cache looks like.
    os.chown(d, 0, 0)
    with s:
        assert os.stat(d).st_uid == store_user().pw_uid
    # It stays theirs, with all that is in it.
    with suite.Suite.start(s):
        pass


def test_parents_that_others_can_change_are_named_and_refused():
    if not ROOT:
        return
    s = suite.Suite()
    parent = os.path.join(s.dir, "parent")
    os.mkdir(parent)
    for over in ({"cache": "{path: parent/cache}"},
                 {"store": "{type: file, path: parent/store}"},
                 {"control-socket": "parent/sock/pail.sock"}):
        s.over = {k.replace("-", "_"): v for k, v in over.items()}
        s.write_conf()
        for mode, uid, why in ((0o777, 0, "it is writable by all users"),
                               (0o755, 65532, "it is owned by uid 65532")):
            os.chown(parent, uid, 0)
            os.chmod(parent, mode)
            text = refused(s)
            assert "%s: %s" % (parent, why) in text, text
            assert os.listdir(parent) == []
    # Nobody can rename another's directory in a sticky one.
    s.over = {"cache": "{path: parent/cache}"}
    s.write_conf()
    os.chown(parent, 0, 0)
    os.chmod(parent, 0o1777)
    with s:
        assert os.stat(parent + "/cache").st_uid == store_user().pw_uid


def test_the_control_socket_replaces_only_a_socket():
    s = suite.Suite()
    os.mkdir(os.path.join(s.dir, "ctl"))
    path = os.path.join(s.dir, "ctl", "pail.sock")
    with open(path, "w") as f:
        f.write("precious\n")
    text = refused(s)
    assert path in text and "not a socket" in text, text
    with open(path) as f:
        assert f.read() == "precious\n"
    os.unlink(path)
    os.symlink("/etc/hostname", path)
    assert "not a socket" in refused(s)
    assert os.path.islink(path)
    os.unlink(path)
    # One that a killed paild left.
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    with s:
        assert s.ctl("status").returncode == 0
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not os.path.lexists(path)


def test_a_socket_of_a_later_paild_is_left_at_the_end():
    with suite.Suite() as s:
        path = os.path.join(s.dir, "ctl", "pail.sock")
        os.rename(path, path + ".old")
        with socket.socket(socket.AF_UNIX) as later:
            later.bind(path)
        s.stop()
        assert os.path.lexists(path)


def check_conf(s):
    r = subprocess.run([s.bin("paild"), "-n", "-f", s.conf], cwd=s.dir,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=60)
    return r.returncode, r.stderr.decode().splitlines()


def place(s, key):
    """"FILE:line:column:" of a top-level key's value."""
    for n, line in enumerate(s.conf_text().splitlines()):
        if line.startswith(key + ": "):
            return "%s:%d:%d:" % (s.conf, n + 1, len(key) + 3)
    raise AssertionError(key)


def test_paild_n_refuses_files_that_others_can_write():
    s = suite.Suite()
    assert check_conf(s)[0] == 0
    at = {"pail.yaml": "%s:1:1:" % s.conf,
          "users": place(s, "auth").rsplit(":", 2)[0] + ":",
          "key.pem": place(s, "tls").rsplit(":", 2)[0] + ":"}
    for name, where in at.items():
        path = os.path.join(s.dir, name)
        mode = os.stat(path).st_mode
        os.chmod(path, mode | 0o002)
        status, lines = check_conf(s)
        assert status == 1 and any(
            x.startswith(where) and path in x and "warning" not in x and
            "writable by all users" in x for x in lines), (name, lines)
        assert "writable by all users" in refused(s)
        os.chmod(path, mode)
        if ROOT:
            st = os.stat(path)
            os.chown(path, 65532, -1)
            status, lines = check_conf(s)
            assert status == 1 and any(
                x.startswith(where) and "uid 65532" in x
                for x in lines), (name, lines)
            os.chown(path, st.st_uid, -1)
    # A directory in which the file can be exchanged is as bad.
    os.chmod(s.dir, 0o777)
    status, lines = check_conf(s)
    assert status == 1 and "can be replaced by others" in lines[0], lines
    os.chmod(s.dir, 0o755)
    assert check_conf(s)[0] == 0


def test_paild_n_warns_of_what_others_can_read():
    """And says OK: exit status 0. The log of a start has it, too."""
    s = suite.Suite()
    s.over = {
        "listen": "['imap://127.0.0.1:%d', 'imap://*:%d']" % (
            s.imap_port, s.imaps_port),
        "plaintext-login": "always"}
    s.write_conf()
    status, lines = check_conf(s)
    plain = place(s, "plaintext-login") + " warning: plaintext-login"
    assert status == 0 and len(lines) == 2 and lines[0].startswith(plain), \
        lines
    assert "OK" in lines[1], lines
    # Without that listener: its port may be taken on another address.
    s.over = {}
    s.write_conf()
    os.chmod(os.path.join(s.dir, "key.pem"), 0o644)
    with s:
        pass
    where = place(s, "tls").rsplit(":", 2)[0]
    assert any("warn: %s:" % where in x and "tls.0.private-key" in x
               for x in s.log_text().splitlines()), s.log_tail()
    os.chmod(os.path.join(s.dir, "key.pem"), 0o600)

    s.over = {"store": "{type: s3, bucket: mail, region: r, access-key: k, "
              "endpoint: 'http://192.0.2.1:9000', secret-key: inside}"}
    for mode, want in ((0o644, 2), (0o600, 1)):
        s.write_conf()
        os.chmod(s.conf, mode)
        status, lines = check_conf(s)
        assert status == 0 and len(lines) == want + 1, lines
        assert "warning: store.endpoint" in lines[0] and \
            "192.0.2.1" in lines[0], lines
        assert mode == 0o600 or (
            "warning: store.secret-key" in lines[1] and
            "can be read by all users" in lines[1]), lines
        assert not any("inside:" in x for x in lines)


def test_a_bom_in_pail_yaml_is_passed_over():
    s = suite.Suite()
    with open(s.conf, "wb") as f:
        f.write(b"\xef\xbb\xbf" + s.conf_text().encode())
    with s:
        s.client().ok("SELECT INBOX")


def hash_line(s, user="ann"):
    with open(os.path.join(s.dir, "users")) as f:
        return [x for x in f.read().splitlines()
                if x.startswith(user + ":")][0]


def test_odd_octets_in_the_users_file_are_named_and_make_no_user():
    s = suite.Suite()
    users = os.path.join(s.dir, "users")
    line = hash_line(s).encode()
    password = line.split(b":", 1)[1]
    with open(users, "wb") as f:
        f.write(b"\xef\xbb\xbf" + line + b"\n bob:" + password +
                b"\ncy\xc2\xa0:" + password + b"\ndan:" + password +
                b" \neve:" + password + b"\r\n   \n")
    want = ("%s:2: byte 0x20 in column 1" % users,
            "%s:3: byte 0xc2 in column 3" % users,
            "%s:4: byte 0x20 in column %d" % (users, 5 + len(password)))
    status, lines = check_conf(s)
    assert status == 0 and len(lines) == 4, lines
    for w, x in zip(want, lines):
        assert x.startswith(place(s, "auth").rsplit(":", 2)[0] + ":") and \
            "warning" in x and w in x, (w, x)
    r = s.ctl("user", "list")
    assert r.stdout.split() == [b"ann", b"eve"], r
    assert all(w in r.stderr.decode() for w in want), r
    with s:
        for user, good in (("ann", True), ("eve", True), (" bob", False),
                           ("bob", False), ("dan", False)):
            try:
                s.client('"%s"' % user)
                assert good, user
            except imapc.No:
                assert not good, user
        assert all(w in s.log_text() for w in want), s.log_tail()
        # pailctl keeps what it does not know.
        s.add_user("bob")
        s.client("bob")
    with open(users, "rb") as f:
        text = f.read()
    assert text.startswith(b"\xef\xbb\xbf" + line + b"\n bob:"), text


def test_a_damaged_store_uuid_does_not_stop_the_start():
    """It is a cache. But it stays a refusal that the store is another, and
    where there is no store none is made."""
    with suite.Suite() as s:
        s.client().append("INBOX", b"Subject: x\r\n\r\nx\r\n")
    path = os.path.join(s.dir, "cache", "store-uuid")
    with open(path, "rb") as f:
        good = f.read()
    with open(path, "wb") as f:
        f.write(bytes([good[0] ^ 1]) + good[1:])
    with s:
        s.client().ok("SELECT INBOX")
    with open(path, "rb") as f:
        assert f.read() == good
    assert "store-uuid is damaged" in s.log_text(), s.log_tail()
    # Damaged, and the store is gone: it is not made anew.
    with open(path, "wb") as f:
        f.write(good[:-1])
    os.rename(os.path.join(s.dir, "store"), os.path.join(s.dir, "away"))
    assert "belongs to another store" in refused(s)
    assert not os.path.exists(os.path.join(s.dir, "store", "pail"))
    # Whole, and of another store.
    with open(path, "wb") as f:
        f.write(good)
    other = suite.Suite()
    with other:
        pass
    shutil.rmtree(os.path.join(s.dir, "store"))
    shutil.move(os.path.join(other.dir, "store"), s.dir)
    assert "belongs to another store" in refused(s)


def ended(c):
    """The server has ended this session (BYE, and no more)."""
    try:
        c.ok("NOOP")
    except (imapc.Closed, imapc.No, OSError):
        return True
    return False


def rewrite(s, change):
    """An edit in an editor that writes into the file itself."""
    path = os.path.join(s.dir, "users")
    with open(path, "r+") as f:
        lines = change(f.read().splitlines())
        f.seek(0)
        f.truncate()
        f.write("".join(x + "\n" for x in lines))


@normal_only("takes 12 s")
def test_an_edit_by_hand_ends_the_sessions_of_who_is_gone():
    """And of whose password changed: nobody else's, and each once, though
    pailctl and each worker see a change."""
    with suite.Suite(users=("ann", "bob", "cy", "dan", "eve"),
                     log="{level: debug, to: stderr}") as s:
        workers = len(re.findall(r"^authworker \d", s.ctl(
            "status").stdout.decode(), re.M))

        def seen(user, n):
            """By so many workers after who told first.  One that sees the
            file only after its next change tells of both."""
            proc.await_true(
                "each worker has seen %s's change" % user,
                lambda: s.log_text().count("user=%s cmd=revoke result=done "
                                           "before" % user) == n)

        ann, bob, cy, dan = [s.client(u) for u in
                             ("ann", "bob", "cy", "dan")]
        s.add_user("other", "cy's new one")
        new = hash_line(s, "other").split(":", 1)[1]
        rewrite(s, lambda lines: [
            "cy:" + new if x.startswith("cy:") else x
            for x in lines if not x.startswith("bob:")])
        for c, user in ((bob, "bob"), (cy, "cy")):
            proc.await_true(user + "'s session ends", lambda: ended(c))
            seen(user, workers - 1)
        ann.ok("NOOP")
        dan.ok("NOOP")
        s.client("cy", '"cy\'s new one"').ok("SELECT INBOX")
        # pailctl has ended the old session; the new one stays.
        s.ctl("user", "passwd", "ann", input=b"ann's new one\n")
        proc.await_true("ann's old session ends", lambda: ended(ann))
        ann = s.client("ann", '"ann\'s new one"')
        seen("ann", workers)
        # A file without users for a moment is one that is being written.
        path = os.path.join(s.dir, "users")
        with open(path) as f:
            text = f.read()
        open(path, "w").close()
        with open(path, "w") as f:
            f.write(text)
        eve = s.client("eve")
        rewrite(s, lambda lines: [x for x in lines
                                  if not x.startswith("dan:")])
        proc.await_true("dan's session ends", lambda: ended(dan))
        ann.ok("NOOP")
        eve.ok("NOOP")
        for user, n in (("ann", 1), ("bob", 1), ("cy", 1), ("dan", 1),
                        ("eve", 0), ("other", 0)):
            line = "user=%s cmd=revoke result=ok" % user
            assert s.log_text().count(line) == n, (user, s.log_tail())
