"""The operator's tasks: checking a configuration, reload, stop, status, and
surviving an outage of the bucket."""

import contextlib
import os
import pty
import re
import signal
import ssl
import socket
import subprocess

import proc
import s3
import s3proxy
import suite
from mails import text_mail
from mark import normal_only, time_limit


def check_conf(s):
    return subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)


def test_who_waits_at_a_terminal_sees_for_what():
    """And nothing of that is left when the report comes."""
    proxy = s3proxy.Proxy(suite.minio())
    s = suite.Suite((proxy, suite.minio().new_bucket()))
    proxy.faults(way=0.1)
    master, tty = pty.openpty()
    r = subprocess.run([s.bin("pailctl"), "-f", s.conf, "store", "check"],
                       stdout=subprocess.PIPE, stderr=tty, timeout=120)
    os.close(tty)
    seen = b""
    with contextlib.suppress(OSError):      # the end: nobody has it open
        while True:
            seen += os.read(master, 65536)
    os.close(master)
    assert re.match(rb"(\rtesting the store: \d+ s\x1b\[K)+\r\x1b\[K", seen), \
        seen
    text = r.stdout.decode()
    assert r.returncode == 0, (text, seen)
    assert text.splitlines()[-1].startswith("probe=good "), text
    proxy.close()


def test_paild_n_names_file_line_column_and_the_nearest_key():
    s = suite.Suite()
    assert check_conf(s).returncode == 0, check_conf(s).stderr
    s.over = {"stoer": "{type: file}", "plaintext-login": "somtimes"}
    s.write_conf()
    r = check_conf(s)
    lines = r.stderr.decode().splitlines()
    text = s.conf_text().splitlines()
    assert r.returncode == 1
    at = [i + 1 for i, x in enumerate(text) if x.startswith("stoer")][0]
    assert any(x.startswith("%s:%d:1: " % (s.conf, at)) and
               "did you mean" in x and "store" in x for x in lines), lines
    at = [i + 1 for i, x in enumerate(text)
          if x.startswith("plaintext")][0]
    col = len("plaintext-login: ") + 1
    assert any(x.startswith("%s:%d:%d: " % (s.conf, at, col))
               for x in lines), lines


def served_certificate(port):
    ctx = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port)) as raw:
        with ctx.wrap_socket(raw) as tls:
            return tls.getpeercert(True)


def test_a_reload_changes_the_certificate_and_drops_no_session():
    with suite.Suite() as s:
        c = s.client()
        c.ok("SELECT INBOX")
        old = served_certificate(s.imaps_port)
        s._certificate()
        s.p.send_signal(signal.SIGHUP)
        proc.await_true("the new certificate is served",
                        lambda: served_certificate(s.imaps_port) != old)
        new = served_certificate(s.imaps_port)
        with open(s.cert) as f:
            assert ssl.PEM_cert_to_DER_cert(f.read()) == new
        a = c.append("INBOX", text_mail(1))     # the session of before
        assert a.having("1 EXISTS"), a.lines
        # A mistyped configuration changes nothing and is named.
        s.over = {"lissten": "[]"}
        s.write_conf()
        r = s.ctl("reload", check=False)
        assert r.returncode != 0 and b"lissten" in r.stderr, r
        s.p.send_signal(signal.SIGHUP)
        proc.await_true("the mistake is in the log",
                        lambda: "lissten" in s.log_text())
        assert served_certificate(s.imaps_port) == new
        assert c.ok("FETCH 1 BODY.PEEK[]").lines[0].endswith(
            text_mail(1) + b")")
        s.client(tls=True).logout()
        c.logout()
        s.over = {}
        s.write_conf()


def bodies(line):
    """The literal of a FETCH of BODY[]."""
    return line[line.index(b"}\r\n") + 3:-1]


def test_sigterm_finishes_what_is_in_flight():
    s = suite.Suite().start()
    c = s.client()
    tags = [c.start("APPEND INBOX", text_mail(n)) for n in range(50)]
    assert c.finish(tags[0]).status == "OK"
    acked = [0]
    s.p.send_signal(signal.SIGTERM)
    try:
        for n, t in enumerate(tags[1:], 1):
            if c.finish(t).status == "OK":
                acked.append(n)
    except suite.imapc.Closed:
        pass
    assert s.p.wait(60) == 0, s.log_tail()
    s.p = None
    with s.start():
        c = s.client()
        c.ok("SELECT INBOX")
        # Whole, once each, in the order in which they were sent.
        have = [bodies(x) for x in c.ok("FETCH 1:* BODY.PEEK[]").lines]
        sent = [text_mail(n) for n in range(50)]
        assert [x for x in sent if x in have] == have, len(have)
        assert all(sent[n] in have for n in acked), (len(have), acked)
        c.logout()


def away(s):
    """Is the bucket, by the log's last word on it?"""
    said = re.findall(r" store: result=(away|back) ", s.log_text())
    return bool(said) and said[-1] == "away"


def flags(c):
    return re.search(rb"FLAGS \(([^)]*)\)",
                     c.ok("FETCH 1 FLAGS").lines[0]).group(1).split()


def test_a_bucket_that_goes_away_and_comes_back():
    m = s3.Minio()
    m.make_bucket("mail")
    with suite.Suite((m, "mail")) as s:
        c = s.client()
        c.append("INBOX", text_mail(1))
        c.ok("SELECT INBOX")
        c.ok("FETCH 1 BODY.PEEK[]")
        m.stop()
        a = c.ok("FETCH 1 (FLAGS ENVELOPE BODY.PEEK[])")
        assert bodies(a.lines[0]) == text_mail(1), a.lines
        assert b'"number 1"' in a.lines[0], a.lines
        t = c.start("STORE 1 +FLAGS.SILENT (\\Flagged)")
        proc.await_true("the log says that the bucket is away",
                        lambda: away(s))
        m.start()
        # It was in flight or was refused: never half.
        a = c.finish(t)
        assert a.status == "OK" or a.code("UNAVAILABLE") is not None, a
        assert (b"\\Flagged" in flags(c)) == (a.status == "OK"), a
        c.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        proc.await_true("the log says that it is back", lambda: not away(s))
        c.logout()
        s.start_anew()      # what counts is in the bucket
        d = s.client()
        d.ok("SELECT INBOX")
        assert (b"\\Flagged" in flags(d)) == (a.status == "OK"), a
        assert b"\\Seen" in flags(d)
        d.logout()
    m.stop()


def test_a_start_while_the_bucket_is_away_waits_for_it():
    m = s3.Minio()
    m.make_bucket("mail")
    m.stop()
    s = suite.Suite((m, "mail"))
    s.start(wait=False)
    proc.await_true("the log says that the bucket is away", lambda: away(s))
    assert s.p.poll() is None, s.log_tail()
    assert b"ready" not in s.ctl("status").stdout.splitlines()[0]
    m.start()
    s.await_ready(60)
    with s:
        c = s.client()
        c.append("INBOX", text_mail(1))
        c.ok("SELECT INBOX")
        assert bodies(c.ok("FETCH 1 BODY.PEEK[]").lines[0]) == text_mail(1)
        c.logout()
        assert not away(s), s.log_tail()
    m.stop()


# Of what storaged(8) relies on, what a report names at least.
RELIED_ON = ("If-None-Match: * on an existing key returns 412",
             "If-Match with a stale ETag returns 412",
             "If-None-Match with the current ETag returns 304",
             "a range request returns that range",
             "parallel creates succeeds",
             "parallel If-Match updates succeeds")


def good_report(r):
    lines = r.stdout.decode().splitlines()
    assert r.returncode == 0, r
    assert re.match(r"probe=good addresses=\d+ .* put_ms=\d+ get_ms=\d+$",
                    lines[-1]), lines
    bad = [x for x in lines[:-1] if not x.startswith("ok    ")]
    assert bad == ["note  TLS: not used"], bad
    for what in RELIED_ON:
        assert any(what in x for x in lines), (what, lines)


def test_store_check_reports_on_the_provider():
    server, bucket = suite.store("minio")
    with suite.Suite((server, bucket)) as s:
        good_report(s.ctl("store", "check"))
    good_report(s.ctl("store", "check"))    # and without a running suite
    left = [k for k, _ in server.list(bucket) if "probe" in k]
    assert not left, left


def test_pailctl_names_the_mistake():
    """Without paild and with it: what is wrong, once, and the exit status."""
    def says(args, text, status=1):
        r = s.ctl(*args, check=False)
        out = r.stdout + r.stderr
        assert r.returncode == status and text in out, (args, r)
        return out

    def both():
        says(("dump", "nobody"), b"error: no user nobody in this store\n")
        says(("user", "del", "nobody"), b"nobody does not exist\n")
        says(("user", "passwd", "a:b"), b"invalid user name\n")
        out = says(("sttaus",), b"unknown command: sttaus\n")
        assert b"\nusage: pailctl " in out, out
        out = says(("help",), b"usage: pailctl ")
        assert b"unknown" not in out, out

    s = suite.Suite()
    both()
    says(("status",), b"is paild running?")
    # A check leaves nothing in the log but what is wrong.
    out = says(("store", "check"), b"\nprobe=good ", 0)
    assert b"warn" not in out and b"Killed" not in out, out
    with s:
        s.client().logout()
        both()
        assert b"head user=ann " in says(("dump", "ann"), b"", 0)
    real, s.conf = s.conf, s.conf + ".none"
    assert says(("status",), b"No such file").count(b"\n") == 1
    s.conf = real


def test_a_store_that_is_wrong_is_refused_with_one_clear_line():
    server, bucket = suite.store("minio")
    s = suite.Suite((server, "no-such-bucket"))
    r = s.ctl("store", "check", check=False)
    last = r.stdout.decode().splitlines()[-1]
    assert r.returncode == 1 and last.startswith("probe=refused why=") and \
        "NoSuchBucket" in last and "store.bucket" in last, r
    # paild ends, and says the same once.
    s.start(wait=False)
    assert s.p.wait(60) == 1
    (line,) = s.store_errors()
    assert line.startswith("probe=refused why=") and \
        "NoSuchBucket" in line and "store.bucket" in line, line
    assert b"ready" not in s.p.stdout.read(), s.log_tail()


@time_limit(1200)
@normal_only("builds and runs the normal build")
def test_make_run_works_as_printed():
    r = subprocess.run(["sh", "mk/tryrun.sh"], cwd=proc.TOP,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=900)
    assert r.returncode == 0, r.stdout.decode()[-3000:]


@normal_only("installs the normal build")
def test_make_install_puts_everything_under_destdir():
    d = proc.tempdir("install")
    subprocess.run(["make", "install", "DESTDIR=" + d, "PREFIX=/usr"],
                   cwd=proc.TOP, check=True, stdout=subprocess.DEVNULL)
    found = {os.path.relpath(os.path.join(r, f), d)
             for r, _, fs in os.walk(d) for f in fs}
    manuals = os.listdir(os.path.join(proc.TOP, "man"))
    want = {"usr/sbin/paild", "usr/sbin/pailctl",
            "usr/share/examples/pail/pail.yaml",
            "usr/share/examples/pail/fail2ban/filter.d/pail.conf",
            "usr/share/examples/pail/fail2ban/jail.d/pail.conf"} | {
        "usr/libexec/pail/" + x for x in (
            "imapd", "lmtpd", "storaged", "authd", "credd")} | {
        "usr/share/man/man%s/%s" % (x[-1], x) for x in manuals}
    assert want <= found, want - found
    assert all(x.startswith(("usr/", "etc/rc.d/")) for x in found), found
    for name in want:
        mode = os.stat(os.path.join(d, name)).st_mode & 0o777
        assert mode == (0o755 if "bin/" in name or "libexec/" in name
                        else 0o644), (name, oct(mode))
    # What is installed runs, with nothing of the build's folder.
    r = subprocess.run([os.path.join(d, "usr/sbin/paild"), "-n", "-f",
                        os.path.join(d, "none")], stderr=subprocess.PIPE)
    assert r.returncode == 1 and b"none" in r.stderr, r
