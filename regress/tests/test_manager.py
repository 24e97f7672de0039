"""Under a service manager: what it is told (sd_notify), the sockets that it
passes, and the secrets that it has ready."""

import os
import re
import signal
import socket
import subprocess
import time

import proc
import s3
import suite
from mark import normal_only


class Manager:
    """The service manager's end of $NOTIFY_SOCKET."""

    def __init__(self, s, **env):
        self.path = os.path.join(s.dir, "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.seen = []
        s.prefix = ("env", "NOTIFY_SOCKET=" + self.path,
                    *["%s=%s" % kv for kv in env.items()])

    def next(self, *wants, seconds=60):
        """Reads until each of wants (patterns) was there, in that order;
        what matched the last one."""
        end = time.monotonic() + seconds
        for want in wants:
            while True:
                self.sock.settimeout(max(0.01, end - time.monotonic()))
                try:
                    text = self.sock.recv(4096).decode()
                except socket.timeout:
                    raise AssertionError("no %s: %s" % (want, self.seen))
                self.seen.append(text)
                if re.fullmatch(want, text):
                    break
        return text


def test_the_manager_is_told_what_pail_does():
    s = suite.Suite(watchdog="3s", drain_within="1s")
    m = Manager(s, WATCHDOG_USEC=3000000)
    with s:
        m.next("STATUS=Starting: .*", "READY=1", "STATUS=Serving 0 sessions",
               "WATCHDOG=1")
        assert "READY=1" not in m.seen[:-3], m.seen
        c = s.client()
        m.next("STATUS=Serving 1 session")
        c.logout()
        m.next("STATUS=Serving 0 sessions")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        s.p.send_signal(signal.SIGHUP)
        text = m.next("RELOADING=1\nMONOTONIC_USEC=[0-9]+")
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert before <= int(text.rsplit("=")[-1]) <= now, (before, text, now)
        m.next("STATUS=Reloading", "READY=1", "STATUS=Serving 0 sessions")
        with open(s.conf, "a") as f:
            f.write("no-such-key: 1\n")
        s.p.send_signal(signal.SIGHUP)
        m.next("RELOADING=1\n.*", "READY=1",
               "STATUS=Serving 0 sessions; the last reload failed")
        s.write_conf()
        s.ctl("reload")
        m.next("STATUS=Serving 0 sessions")
        # A process that hangs: no word until it is started again.
        pid = next(p for p, name in s.children() if name == "storaged")
        os.kill(pid, signal.SIGSTOP)
        m.next("STATUS=.*storaged.* is (down|starting)")
        assert "storaged 0\" is not healthy: the service manager gets no " \
            "WATCHDOG=1" in s.log_text(), s.log_tail()
        m.next("STATUS=Serving 0 sessions", "WATCHDOG=1")
        clients = [s.client(), s.client()]
        m.next("STATUS=Serving 2 sessions")
        s.ctl("drain")
        m.next("STATUS=Draining: 2 sessions left", "STOPPING=1",
               "STATUS=Stopping: .*")
        for c in clients:
            c.close()
        s.stop()


def test_the_manager_is_told_of_a_stop():
    s = suite.Suite()
    m = Manager(s)
    with s:
        s.stop()
        m.next("STOPPING=1", "STATUS=Stopping: disconnecting clients",
               "STATUS=Stopping: .*")


def test_no_word_comes_while_a_process_hangs():
    s = suite.Suite(watchdog="60s")
    m = Manager(s, WATCHDOG_USEC=600000)
    with s:
        m.next("READY=1", "WATCHDOG=1")
        # paild itself: it hangs, and says nothing.
        s.p.send_signal(signal.SIGSTOP)
        m.sock.settimeout(0.01)
        try:
            while m.sock.recv(4096):    # what was under way
                pass
        except socket.timeout:
            pass
        m.sock.settimeout(1)
        try:
            assert not m.sock.recv(4096)
        except socket.timeout:
            pass
        s.p.send_signal(signal.SIGCONT)
        m.next("WATCHDOG=1")


def test_the_manager_sees_that_the_bucket_is_awaited():
    server = s3.S3("127.0.0.1", proc.free_port())
    s = suite.Suite((server, "none"))
    m = Manager(s, WATCHDOG_USEC=600000)
    s.start(wait=False)
    try:
        m.next("STATUS=Waiting for the bucket")
        assert "READY=1" not in m.seen, m.seen
    finally:
        proc.end(s.p)


def listeners(s):
    return ("systemd-socket-activate",
            "-l", "127.0.0.1:%d" % s.imap_port,
            "-l", "127.0.0.1:%d" % s.imaps_port)


def wake(port):
    """systemd-socket-activate waits for a connection; those that are made
    before Pail serves are served then."""
    proc.await_true("it listens", lambda: proc.can_connect(port))
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def test_sockets_come_from_systemd():
    s = suite.Suite()
    path = os.path.join(s.dir, "lmtp.sock")
    more = proc.free_port()
    s.over["listen"] = (
        "[imap://127.0.0.1:%d, imaps://127.0.0.1:%d, 'lmtp+unix:%s', "
        "imap://127.0.0.1:%d]" % (s.imap_port, s.imaps_port, path, more))
    s.write_conf()
    s.prefix = (*listeners(s), "-l", path, "--fdname=imap:imaps:lmtp")
    s.start(wait=False)
    with wake(s.imap_port) as first:
        s.await_ready()
        assert first.recv(4).startswith(b"* OK"), s.log_tail()
    with s:
        s.client().logout()
        s.client(tls=True).logout()
        with socket.create_connection(("127.0.0.1", more)) as own:
            assert own.recv(4) == b"* OK"
        with socket.socket(socket.AF_UNIX) as lmtp:
            lmtp.connect(path)
            assert lmtp.recv(3) == b"220"
        # What a reload removes and the next one adds is the same socket.
        s.over["listen"] = "[imap://127.0.0.1:%d]" % s.imap_port
        s.write_conf()
        s.ctl("reload")
        del s.over["listen"]
        s.write_conf()
        s.ctl("reload")
        s.client(tls=True).logout()
    assert os.path.exists(path)     # it is systemd's
    os.unlink(path)


def test_a_socket_for_nothing_is_an_error():
    s = suite.Suite()
    port = proc.free_port()
    s.prefix = (*listeners(s), "-l", "127.0.0.1:%d" % port,
                "--fdname=imap:imaps:http")
    s.start(wait=False)
    wake(port).close()
    assert s.p.wait(60) == 1
    assert "socket http (127.0.0.1:%d) of the service manager matches no " \
        "address in \"listen\" of" % port in s.log_text(), s.log_tail()


def test_secrets_come_from_systemds_credentials():
    s = suite.Suite(suite.store("minio"),
                    tls="{certificate: cert.pem, private-key: "
                    "$CREDENTIALS_DIRECTORY/tls-key}")
    where = os.path.join(s.dir, "credentials")
    os.mkdir(where, 0o700)
    os.rename(os.path.join(s.dir, "secret"), where + "/s3-secret")
    os.rename(os.path.join(s.dir, "key.pem"), where + "/tls-key")
    with open(s.conf) as f:
        text = f.read().replace("{file: secret}",
                                "{file: $CREDENTIALS_DIRECTORY/s3-secret}")
    assert "s3-secret" in text
    with open(s.conf, "w") as f:
        f.write(text)
    r = s.ctl("status", check=False)    # which has no such variable
    assert b"CREDENTIALS" not in r.stderr + r.stdout, r
    s.prefix = ("env", "CREDENTIALS_DIRECTORY=" + where)
    with s:
        s.client(tls=True).logout()
        s.ctl("reload")
        s.client(tls=True).logout()


STUB = """
load_rc_config() { :; }
rc_cmd() {
	case $1 in
	start) rc_configtest && rc_pre && ${daemon} ${daemon_flags} ;;
	esac
}
run_rc_command() {
	test -r ${required_files} || exit 3
	eval "\\${$1_precmd}" && ${command} ${paild_flags} ${command_args}
}
"""


def run_script(s, name, where, **env):
    """An rc script with the functions that it takes from the system."""
    with open(os.path.join(proc.TOP, "etc", name)) as f:
        text = f.read()
    stub = os.path.join(s.dir, "rc.subr")
    with open(stub, "w") as f:
        f.write(STUB)
    for was, now in ((where, stub), ("/usr/local/sbin/paild", s.bin("paild"))):
        assert was in text, text
        text = text.replace(was, now)
    with open(os.path.join(s.dir, name), "w+") as out:  # paild keeps it
        r = subprocess.run(["sh", "-eu", "-c", text, "paild", "start"],
                           env={**os.environ, **env}, cwd=s.dir,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                           timeout=60)
        out.seek(0)
        return r.returncode, out.read()


@normal_only("of scripts, which are the same")
def test_the_rc_scripts_start_paild_and_refuse_a_wrong_configuration():
    for name, where, env in (
            ("paild.rc", "/etc/rc.d/rc.subr", "daemon_flags"),
            ("paild.rc.freebsd", "/etc/rc.subr", "paild_config")):
        s = suite.Suite()
        value = s.conf if env == "paild_config" else "-f " + s.conf
        more = {"paild_flags": "", env: value}
        status, text = run_script(s, name, where, **more)
        assert status == 0 and "configuration OK" in text, text
        proc.await_true("it serves", lambda: s.ctl(
            "status", check=False).stdout.find(b"serving") != -1)
        s.ctl("stop")
        with open(s.conf, "a") as f:
            f.write("no-such-key: 1\n")
        status, text = run_script(s, name, where, **more)
        assert status != 0 and "unknown key" in text, (status, text)
