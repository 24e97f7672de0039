"""pailctl init: on a terminal (tmux) each wrong answer is told what is wrong
with it and asked again, and what it writes is a configuration that serves."""

import os
import re
import shlex
import socket
import stat
import subprocess

import certs
import imapc
import jail
import proc
import suite

PROMPT = re.compile(r"(?:\]|ID|key|file|bucket|Password|Again|mail): *$")


class Terminal:
    """A program in a tmux of its own."""

    def __init__(self, d, *command):
        self.tmux = ("tmux", "-S", os.path.join(d, "tmux"))
        self.run("new-session", "-d", "-x", "1200", "-y", "400",
                 "%s; echo status $?; read x" % shlex.join(command))
        self.seen = 0

    def run(self, *args):
        return subprocess.run([*self.tmux, *args], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def screen(self):
        return self.run("capture-pane", "-p").rstrip()

    def asks(self):
        """What has come since, once it waits for an answer or has ended."""
        def waits():
            text = self.screen()
            return len(text) > self.seen and text if PROMPT.search(text) or \
                "status " in text else None

        text = proc.await_true("a question", waits, 60)
        new, self.seen = text[self.seen:], len(text)
        return new

    def answer(self, text):
        self.run("send-keys", "-l", text)
        self.run("send-keys", "Enter")
        return self.asks()

    def close(self):
        subprocess.run([*self.tmux, "kill-server"],
                       stderr=subprocess.DEVNULL)


def conf_of(d):
    return os.path.join(d, "pail.yaml")


def program(name):
    return os.path.join(proc.TOP, suite.BUILD, "bin", name)


def start(d, *flags):
    return Terminal(d, program("pailctl"), "-f", conf_of(d), "init",
                    "--cache", d + "/cache", "--control-socket",
                    d + "/pail.sock", *flags)


def serves(d, port, user, password):
    """The file that was written, as it is."""
    r = subprocess.run([program("paild"), "-n", "-f", conf_of(d)],
                       stderr=subprocess.PIPE)
    assert r.returncode == 0, r.stderr
    p = proc.spawn([program("paild"), "-d", "-f", conf_of(d)],
                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert p.stdout.readline() == b"ready\n"
    c = imapc.Imap(port, user, password)
    c.append("INBOX", b"Subject: first\r\n\r\nIt works.\r\n")
    c.logout()
    p.terminate()
    assert p.wait(30) == 0


def test_ten_wrong_answers_are_told_what_is_wrong_with_them():
    m, bucket = suite.store("counted")
    d = proc.tempdir("init")
    port, used, tls = (proc.free_port() for _ in range(3))
    cert, key, other = d + "/cert.pem", d + "/key.pem", d + "/other.pem"
    certs.make(cert, key)
    certs.make(d + "/unused.pem", other)
    listener = socket.create_server(("127.0.0.1", used))
    t = start(d)
    try:
        if jail.landlock() < 2:
            assert "sandbox" in t.asks()
            t.answer("best-effort")
        else:
            t.asks()
        for answer, want in [
                ("cloud", "Answer s3 or file."),
                ("?", "any number of nodes"),
                ("", "Name of the bucket"),
                ("", "There is no default"),
                ("My_Bucket", "contains only lower-case letters"),
                ("no-such-bucket-here", "Region"),
                ("us-est-1", "did you mean \"us-east-1\"?"),
                ("ftp://127.0.0.1", "must begin with http:// or https://"),
                ("http://127.0.0.1:%d" % proc.free_port(),
                 "check the port in store.endpoint"),
                (m.endpoint, "Credentials"),
                ("none", "Answer key or auto."),
                ("key", "Access key ID"),
                (m.access, "Secret key"),
                ("wrong", "is in region us-east-1, not us-est-1"),
                ("us-east-1", "does not match access key"),
                (m.access, "Secret key"),
                (m.secret, "there is no bucket no-such-bucket-here"),
                (bucket, "The bucket can be used."),
                ("cert.pem", "Write the whole path"),
                ("/etc/hostname", "There is no certificate in"),
                (cert, "Private key file"),
                (other, "does not match tls.0.certificate"),
                (key, "Addresses for clients"),
                ("imap://localhost:143", "expected an address, not a name"),
                ("imap://127.0.0.1:%d" % used, "another program uses"),
                ("imap://192.0.2.1:%d" % port, "no such address"),
                ("imap://127.0.0.1:%d, imaps://127.0.0.1:%d" % (port, tls),
                 "Domains"),
                ("exam_ple..org", "is not a domain"),
                ("none", "Login name"),
                ("a:b", "A login name has"),
                ("Ann", "Password"),
                ("one", "Again"),
                ("two", "do not match"),
                ("one", "Again")]:
            got = t.answer(answer)
            assert want in got, (answer, want, got)
        got = t.answer("one")
        assert "is written" in got and "status 0" in got, got
        assert m.secret not in t.screen(), "the secret is shown"
    finally:
        t.close()
        listener.close()
    text = open(conf_of(d)).read()
    assert m.secret not in text
    for name in ("pail.yaml", "pail/secret-key"):
        assert stat.S_IMODE(os.stat(os.path.join(d, name)).st_mode) == 0o600
    assert sorted(os.listdir(d + "/pail")) == ["secret-key", "users"]
    serves(d, port, "ann", "one")


def test_without_a_terminal_flags_are_the_answers():
    d = proc.tempdir("init")
    port = proc.free_port()
    with open(d + "/password", "w") as f:
        f.write("secret-of-ann\n")
    flags = ["--store", "file", "--path", d + "/mail", "--listen",
             "imap://127.0.0.1:%d" % port, "--user", "ann",
             "--cache", d + "/cache", "--control-socket", d + "/pail.sock"]
    if jail.landlock() < 2:
        flags += ["--sandbox", "best-effort"]

    def run(*more):
        return subprocess.run([program("pailctl"), "-f", conf_of(d), "init",
                               *flags, *more], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=60, umask=0o077)

    # A symbolic link counts as a file, wherever it leads.
    os.symlink(d + "/nowhere", conf_of(d))
    r = run("--password-file", d + "/password")
    assert r.returncode == 1 and b"exists; move it away" in r.stderr
    assert not os.path.exists(d + "/pail"), "it was begun"
    os.unlink(conf_of(d))
    r = run()
    assert r.returncode == 1 and b"--password-file is required" in r.stderr
    assert not os.path.exists(conf_of(d)), "half an answer was written"
    assert run("--nonsense", "x").returncode == 1
    assert run("--store", "tape").stderr == \
        b"pailctl: Answer s3 or file.\n"
    assert run("--password-file", d + "/password").returncode == 0
    assert stat.S_IMODE(os.stat(d + "/pail").st_mode) == 0o755
    serves(d, port, "ann", "secret-of-ann")
    # What is there is never replaced.
    before = open(conf_of(d)).read()
    r = run("--password-file", d + "/password")
    assert r.returncode == 1 and b"exists; move it away" in r.stderr
    assert open(conf_of(d)).read() == before


def test_a_full_disk_leaves_nothing_half_written():
    """And the next try goes well."""
    assert os.geteuid() == 0, "this test wants to be root"
    d = proc.tempdir("init")
    with open(d + "/password", "w") as f:
        f.write("secret-of-ann\n")
    os.mkdir(d + "/small")
    # The users' file fits in, the configuration does not.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none",
                    d + "/small"], check=True)
    conf = d + "/small/pail.yaml"
    argv = [program("pailctl"), "-f", conf, "init", "--store", "file",
            "--path", d + "/mail", "--listen", "imap://127.0.0.1:%d" %
            proc.free_port(), "--user", "ann", "--sandbox", "best-effort",
            "--password-file", d + "/password"]
    try:
        with open(d + "/small/pad", "wb") as f:
            f.write(b"x")
        r = subprocess.run(argv, stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, timeout=60)
        assert r.returncode == 1 and b"No space left" in r.stderr, r.stderr
        left = sorted(os.listdir(d + "/small"))
        assert left in (["pad"], ["pad", "pail"]), left
        if "pail" in left:
            users = d + "/small/pail/users"
            assert not os.path.exists(users) or \
                not open(users).read(), open(users).read()
        os.unlink(d + "/small/pad")
        subprocess.run(["mount", "-o", "remount,size=1m", d + "/small"],
                       check=True)
        r = subprocess.run(argv, stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, timeout=60)
        assert r.returncode == 0, r.stderr
    finally:
        subprocess.run(["umount", "-l", d + "/small"], check=True)


def test_ctrl_c_ends_it_at_a_prompt_for_a_secret():
    """And the terminal shows again what is typed."""
    d = proc.tempdir("init")
    t = Terminal(d, "sh", "-c", "trap : INT; %s; echo ended $?; stty -a" %
                 shlex.join((program("pailctl"), "-f", conf_of(d), "init",
                             "--sandbox", "best-effort", "--store", "file",
                             "--path", d + "/mail", "--certificate", "none",
                             "--listen", "imap://127.0.0.1:%d" %
                             proc.free_port(), "--domains", "none",
                             "--user", "ann")))
    try:
        assert "Password: " in t.asks() + " "
        t.run("send-keys", "-l", "half")
        t.run("send-keys", "C-c")
        text = proc.await_true("its end", lambda: "status 0" in t.screen() and
                               t.screen(), 20)
        assert "ended 130" in text and " echo " in text, text
        assert not os.path.exists(d + "/pail"), os.listdir(d)
    finally:
        t.close()


def test_ctrl_c_leaves_nothing():
    """Not even while the store is tried with the secret."""
    d = proc.tempdir("init")
    silent = proc.free_port()
    with socket.socket() as s:
        s.bind(("127.0.0.1", silent))
        s.listen()
        t = start(d, "--store", "s3", "--bucket", "mail", "--region",
                  "us-east-1", *(("--sandbox", "best-effort") if
                                 jail.landlock() < 2 else ()))
        try:
            t.asks()
            t.run("send-keys", "-l", "http://127.0.0.1:%d" % silent)
            t.run("send-keys", "Enter")
            s.accept()
            proc.await_true("the draft", lambda: [
                n for n in os.listdir(d) if n.startswith("pail.yaml.")])
            t.run("send-keys", "C-c")
            proc.await_true("the draft's end", lambda: not [
                n for n in os.listdir(d) if n.startswith("pail")], 30)
        finally:
            t.close()
