"""What an operator does: check a configuration, reload, stop, look, and
live through a bucket that goes away."""

import os
import signal
import ssl
import socket
import subprocess

import proc
import s3
import suite
from run import asan
from test_requests import text_mail


def check_conf(s):
    return subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)


@asan
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


@asan
def test_a_reload_changes_the_certificate_and_drops_no_session():
    with suite.Suite() as s:
        c = s.client()
        c.ok("SELECT INBOX")
        old = served_certificate(s.imaps_port)
        s._certificate()
        s.p.send_signal(signal.SIGHUP)
        proc.await_true("the new certificate is served",
                        lambda: served_certificate(s.imaps_port) != old)
        c.ok("NOOP")
        c.append("INBOX", text_mail(1))
        # A mistyped configuration changes nothing and is named.
        s.over = {"lissten": "[]"}
        s.write_conf()
        r = s.ctl("reload", check=False)
        assert r.returncode != 0 and b"lissten" in r.stderr, r
        s.p.send_signal(signal.SIGHUP)
        proc.await_true("the mistake is in the log",
                        lambda: "lissten" in s.log_text())
        c.ok("NOOP")
        c.logout()
        s.over = {}
        s.write_conf()


@asan
def test_sigterm_finishes_what_is_in_flight():
    s = suite.Suite().start()
    c = s.client()
    tags = [c.start("APPEND INBOX", text_mail(n)) for n in range(50)]
    assert c.finish(tags[0]).status == "OK"
    acked = 1
    s.p.send_signal(signal.SIGTERM)
    try:
        for t in tags[1:]:
            acked += c.finish(t).status == "OK"
    except suite.imapc.Closed:
        pass
    assert s.p.wait(30) == 0, s.log_tail()
    s.p = None
    with s.start():
        c = s.client()
        a = c.ok("SELECT INBOX")
        n = int(a.having("EXISTS")[0].split()[1])
        assert n >= acked, (n, acked)


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
        assert a.lines, a
        t = c.start("STORE 1 +FLAGS.SILENT (\\Flagged)")
        m.start()
        # It was in flight or was refused: never half.
        a = c.finish(t)
        assert a.status == "OK" or a.code("UNAVAILABLE") is not None, a
        c.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
        a = c.ok("FETCH 1 FLAGS")
        assert b"\\Flagged" in a.lines[0]
        c.logout()
    m.stop()


def test_a_start_while_the_bucket_is_away_waits_for_it():
    m = s3.Minio()
    m.make_bucket("mail")
    m.stop()
    s = suite.Suite((m, "mail"))
    s.start(wait=False)
    proc.await_true("the log says that the bucket is away",
                    lambda: s.log_text().strip() and s.p.poll() is None)
    m.start()
    s.await_ready(30)
    with s:
        s.client().logout()
    m.stop()


def test_store_check_reports_on_the_provider():
    with suite.Suite(suite.store("minio")) as s:
        r = s.ctl("store", "check")
        assert r.stdout.strip(), r
    r = s.ctl("store", "check")         # and without a running suite
    assert r.stdout.strip(), r


def test_a_store_that_is_wrong_is_refused_with_one_clear_line():
    server, bucket = suite.store("minio")
    s = suite.Suite((server, "no-such-bucket"))
    r = s.ctl("store", "check", check=False)
    assert r.returncode != 0
    assert b"NoSuchBucket" in r.stdout + r.stderr, r


def test_make_run_works_as_printed():
    r = subprocess.run(["sh", "mk/tryrun.sh"], cwd=proc.TOP,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=900)
    assert r.returncode == 0, r.stdout.decode()[-3000:]


def test_make_install_puts_everything_under_destdir():
    d = proc.tempdir("install")
    subprocess.run(["make", "install", "DESTDIR=" + d, "PREFIX=/usr"],
                   cwd=proc.TOP, check=True, stdout=subprocess.DEVNULL)
    found = {os.path.relpath(os.path.join(r, f), d)
             for r, _, fs in os.walk(d) for f in fs}
    for name in ("paild", "pailctl"):
        assert any(x.endswith("/" + name) for x in found), found
    for name in ("imapd", "storaged", "authd", "credd", "pail.yaml.5",
                 "pail-bucket.5", "paild.8", "paild.service"):
        assert any(name in x for x in found), (name, found)
