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


# What the scripts take from the systems: OpenBSD's rc.subr(8), and FreeBSD's.
OPENBSD = """
_there() { pgrep -xf "$pexp" >/dev/null; }
_stop() {
	pkill -TERM -xf "$pexp"
	for _i in $(seq $((daemon_timeout * 10))); do
		_there || return 0
		sleep 0.1
	done
	return 1
}
_start() {
	_there && return 0
	rc_pre && ${daemon} ${daemon_flags}
}
rc_cmd() {
	pexp="${daemon}${daemon_flags:+ ${daemon_flags}}"
	case $1 in
	check)	_there ;;
	configtest) rc_configtest ;;
	reload)	rc_configtest && _there && pkill -HUP -xf "$pexp" ;;
	restart) rc_configtest && _stop && _start ;;
	start)	rc_configtest && _start ;;
	stop)	_there || return 0; _stop ;;
	*)	return 1 ;;
	esac
}
"""
FREEBSD = """
load_rc_config() { :; }
_run="$command"
_there() { pgrep -xf "$_run" >/dev/null; }
_stop() {
	pkill -TERM -xf "$_run"
	while _there; do sleep 0.1; done
}
_before() {	# NAME_precmd
	eval "_cmd=\\${$1_precmd:-:}"
	$_cmd
}
_start() {
	test -r "${required_files}" || return 1
	_before start && ${command} ${paild_flags} ${command_args}
}
run_rc_command() {
	_run="${command}${paild_flags:+ ${paild_flags}} ${command_args}"
	eval "_on=\\$$rcvar"
	case $_on in [Yy][Ee][Ss]) ;; *)
		echo "set $rcvar to YES"
		return 1 ;;
	esac
	case $1 in
	start)	_start ;;
	status)	_there ;;
	stop)	_there && _stop ;;
	restart) _before restart && _stop && _start ;;
	*)	case " $extra_commands " in *" $1 "*) ;; *) return 1 ;; esac
		case $1 in
		reload)	_before reload && _there && pkill -HUP -xf "$_run" ;;
		*)	eval "\\$${1}_cmd" ;;
		esac ;;
	esac
}
"""


class Script:
    """An rc script, with the functions that it takes from the system."""

    def __init__(self, s, name, shell, where, stub, **env):
        self.s, self.shell = s, shell
        self.env = {**os.environ, **env}
        with open(os.path.join(proc.TOP, "etc", name)) as f:
            text = f.read()
        subr = os.path.join(s.dir, "rc.subr")
        with open(subr, "w") as f:
            f.write(stub)
        for was, now in ((where, subr),
                         ("/usr/local/sbin/paild", s.bin("paild"))):
            assert was in text, text
            text = text.replace(was, now)
        self.path = os.path.join(s.dir, name)
        with open(self.path, "w") as f:
            f.write(text)
        subprocess.run([shell, "-n", self.path], check=True)

    def __call__(self, action):
        """Its status, and what it said."""
        with open(self.path + ".out", "w+") as out:     # paild keeps it
            r = subprocess.run([self.shell, self.path, action], env=self.env,
                               cwd=self.s.dir, stdin=subprocess.DEVNULL,
                               stdout=out, stderr=out, timeout=100)
            out.seek(0)
            return r.returncode, out.read()

    def does(self, action):
        status, text = self(action)
        assert status == 0, (action, status, text)

    def refuses(self, action, why):
        status, text = self(action)
        assert status != 0 and why in text, (action, status, text)


def served_by(s):
    """The pid of paild, once it serves."""
    out = []

    def serving():
        text = s.ctl("status", check=False).stdout.decode()
        out.append(re.search(r"^paild \S+, pid (\d+), .*serving", text))
        return out[-1]

    return proc.await_true("it serves", serving).group(1)


def each_action(s, script, status):
    """Those of a service's life; a configuration that is wrong ends none."""
    script.does("configtest")
    script.does("start")
    pid = served_by(s)
    script.does(status)
    script.does("reload")
    with open(s.conf) as f:
        right = f.read()
    with open(s.conf, "a") as f:
        f.write("no-such-key: 1\n")
    for action in ("configtest", "reload", "restart"):
        script.refuses(action, "unknown key")
    with open(s.conf, "w") as f:
        f.write(right)
    assert served_by(s) == pid
    script.does("restart")
    assert served_by(s) != pid
    script.does("stop")
    assert script(status)[0] != 0
    with open(s.conf, "a") as f:
        f.write("no-such-key: 1\n")
    script.refuses("start", "unknown key")


@normal_only("of scripts, which are the same")
def test_the_rc_script_of_openbsd_does_each_action():
    s = suite.Suite(log="{to: stderr}")
    each_action(s, Script(s, "paild.rc", "mksh", "/etc/rc.d/rc.subr", OPENBSD,
                          daemon_flags="-f " + s.conf), "check")


@normal_only("of scripts, which are the same")
def test_the_rc_script_of_freebsd_does_each_action():
    s = suite.Suite(log="{to: stderr}")
    env = {"paild_flags": "", "paild_config": s.conf}
    script = Script(s, "paild.rc.freebsd", "sh", "/etc/rc.subr", FREEBSD, **env)
    script.refuses("start", "paild_enable")
    script.env["paild_enable"] = "YES"
    each_action(s, script, "status")
