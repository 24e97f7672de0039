"""The jail of each process: what it must not do is refused, or kills it, with
the real users and without root; what the kernel says of it; and a system that
cannot confine processes is refused."""

import os
import re
import signal
import subprocess

import imapc
import jail
import proc
import suite
from mark import normal_only

KINDS = {"imapd", "lmtpd", "admind", "storaged", "authd", "authworker",
         "credd"}
ONE_OF_EACH = "{imapd: 1, lmtpd: 1, storaged: 1}"
# What some may do, of the acts of preload/jail.c (a library's lookup of a
# file, or of a name by a local socket, fails instead of killing).
DONE = {(kind, act) for kind in ("authworker", "storaged")
        for act in ("read a file", "look for a file")}
REFUSED = {"read a file", "look for a file", "write a file", "remove a file", "/proc/PID/mem",
           "unix socket"}


def acts_are_refused(s):
    said = jail.Probe.said(None, s)
    assert {kind for kind, _, _ in said} == KINDS, said
    assert len(said) >= 30 * len(KINDS), said
    for kind, act, how in said:
        if act == "what it may" or (kind, act) in DONE:
            assert how == "done", (kind, act, how)
        elif act in REFUSED:
            assert how in ("refused", "killed"), (kind, act, how)
        else:
            assert how == "killed", (kind, act, how)


@normal_only("preloads a library; the unit tests try it there")
def test_what_no_process_may_do_is_refused_with_the_real_users():
    assert os.geteuid() == 0
    probe = jail.Probe()
    with probe.of(suite.Suite(processes=ONE_OF_EACH).with_http()) as s:
        acts_are_refused(s)
        c = s.client()
        c.ok("SELECT INBOX")
        c.logout()


@normal_only("preloads a library; the unit tests try it there")
def test_what_no_process_may_do_is_refused_without_root():
    probe = jail.Probe()
    s = probe.of(suite.Suite(processes=ONE_OF_EACH).with_http())
    for path in (s.dir, probe.dir):
        subprocess.run(["chown", "-R", "nobody", path], check=True)
    s.prefix = ("setpriv", "--reuid=nobody", "--regid=nogroup",
                "--clear-groups")
    with s:
        acts_are_refused(s)
        c = s.client()
        c.ok("SELECT INBOX")
        c.logout()


def test_the_kernel_says_the_same_of_each_process():
    assert os.geteuid() == 0
    with suite.Suite(processes=ONE_OF_EACH).with_http() as s:
        s.client().logout()
        rows = re.findall(r"^(\w+) \d+ +(\d+) ready",
                          s.ctl("status").stdout.decode(), re.M)
        assert {name for name, _ in rows} == KINDS, rows
        for name, pid in rows:
            pid = int(pid)
            threads = name in ("authworker", "storaged")
            st = jail.status(pid)
            assert st["Seccomp"] == "2" and st["NoNewPrivs"] == "1", st
            assert int(st["CapEff"], 16) == int(st["CapPrm"], 16) == 0, st
            assert int(st["CapInh"], 16) == int(st["CapAmb"], 16) == 0, st
            assert "0" not in st["Uid"].split(), st
            assert (st["Threads"] == "1") == (name != "storaged"), (name, st)
            assert jail.limit(pid, "Max core file size") == ("0", "0")
            if not os.environ.get("REGRESS_ASAN"):
                assert (jail.limit(pid, "Max processes") == ("0", "0")) \
                    != threads, name
            assert (jail.limit(pid, "Max file size") == ("0", "0")) == \
                (name != "storaged"), name
            assert jail.space(pid, "ipc") != jail.space(s.p.pid, "ipc"), name
            # On a file store nobody makes connections.
            assert jail.space(pid, "net") != jail.space(s.p.pid, "net"), name
        said = dict(re.findall(r" (\w+)(?:/\d+)?\[\d+\] info: sandbox=(.*)",
                               s.log_text()))
        assert set(said) == KINDS, said
        for name, words in said.items():
            assert "seccomp" in words.split(","), said
            assert ("chroot" in words.split(",")) == (name not in (
                "storaged", "authworker")), said
            assert "landlock-%d" % jail.landlock() in words.split(","), said


def test_a_process_that_seccomp_kills_is_told_and_another_one_serves():
    """(Which call it was: common/sandbox_linux_calls_test.c.)"""
    with suite.Suite() as s:
        pid = [p for p, name in s.children() if name == "imapd"][0]
        os.kill(pid, signal.SIGSYS)
        proc.await_true("paild tells of it", lambda: re.search(
            r'proc="imapd 0" pid=%d .*signal 31 \(Bad system call\): seccomp'
            % pid, s.log_text()))
        proc.await_true("another one serves", lambda: can_login(s))


def can_login(s):
    try:
        s.client().logout()
        return True
    except (imapc.No, imapc.Closed, OSError):
        return False


@normal_only("runs none of the programs")
def test_systemd_finds_the_unit_well_confined():
    r = subprocess.run(["systemd-analyze", "security", "--offline=yes",
                        "--threshold=20", jail.UNIT], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    assert r.returncode == 0, r.stdout.decode()[-1000:]


@normal_only("of a directory of the system")
def test_a_restart_with_the_umask_of_the_unit_finds_its_empty_directory():
    """systemd removes /run/pail at a stop."""
    if os.path.isdir("/run/pail/empty"):
        os.rmdir("/run/pail/empty")
    s = suite.Suite()
    s.prefix = ("sh", "-c", 'umask 077; exec "$@"', "sh",
                "setpriv", "--bounding-set", jail.capabilities())
    jail.make_dirs(s)
    with s:
        s.client().logout()


def allowed_calls():
    """Of the unit's SystemCallFilter=, a line after the other."""
    def members(word):
        if not word.startswith("@"):
            return {word}
        out = subprocess.run(["systemd-analyze", "syscall-filter", word],
                             stdout=subprocess.PIPE, check=True)
        names = re.findall(r"^ +([@a-z0-9_-]+)$", out.stdout.decode(), re.M)
        return set().union(*[members(n) for n in names])

    calls = set()
    with open(jail.UNIT) as f:
        lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", f.read(), re.M)
    for no, words in lines:
        these = set().union(*[members(w) for w in words.split()])
        calls = calls - these if no else calls | these
    return calls


@normal_only("runs none of the programs")
def test_the_unit_allows_the_calls_that_confine_the_children():
    """make deb-test starts it; this is what it had to find once."""
    calls = allowed_calls()
    need = {"setgroups", "setresuid", "setresgid", "prctl",
            "seccomp", "landlock_create_ruleset", "landlock_add_rule",
            "landlock_restrict_self", "capset", "kill", "execve"}
    assert need <= calls, need - calls
    assert not {"chroot", "mount", "ptrace", "reboot", "init_module", "settimeofday",
                "swapon"} & calls


def under_the_unit(d):
    """A prefix: with the capabilities and the system calls that it leaves."""
    tool, calls = os.path.join(d, "unit"), os.path.join(d, "calls")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O", "-o", tool, os.path.join(
        proc.TOP, "regress/preload/unit.c"), "-lseccomp"], check=True)
    with open(calls, "w") as f:
        f.write("\n".join(allowed_calls()))
    return ("setpriv", "--bounding-set", jail.capabilities(), "--no-new-privs",
            "sh", "-c", 'exec "$0" "$@" < ' + calls, tool)


@normal_only("preloads a library; the unit tests try it there")
def test_what_no_process_may_do_is_refused_under_the_unit():
    """Which allows neither namespaces nor chroot: the jail is the same."""
    probe = jail.Probe()
    s = probe.of(suite.Suite(processes=ONE_OF_EACH).with_http())
    jail.make_dirs(s)
    s.prefix = under_the_unit(probe.dir)
    with s:
        acts_are_refused(s)
        said = dict(re.findall(r" (\w+)(?:/\d+)?\[\d+\] info: sandbox=(.*)",
                               s.log_text()))
        assert set(said) == KINDS, said
        for words in said.values():
            assert words == "landlock-%d,seccomp" % jail.landlock(), said
        for pid, name in s.children():
            assert os.readlink("/proc/%d/root" % pid) == "/", name
        c = s.client()
        c.ok("SELECT INBOX")
        c.logout()


def test_the_capabilities_of_the_unit_are_enough():
    """Also to kill a process that hangs: one of each user."""
    s = suite.Suite(watchdog="3s")
    jail.make_dirs(s)
    s.prefix = ("setpriv", "--bounding-set", jail.capabilities())
    with s:
        s.client().logout()
        st = jail.status(s.p.pid)
        assert int(st["CapPrm"], 16) == int(st["CapBnd"], 16) < 1 << 19, st
        before = s.children()
        for pid, _ in before:
            os.kill(pid, signal.SIGSTOP)
        proc.await_true("all are started again", lambda: not
                        set(s.children()) & set(before))
        proc.await_true("logins go on", lambda: can_login(s))


WITHOUT = r'''
/* A kernel without Landlock, or without seccomp. */
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <dlfcn.h>

long
syscall(long nr, ...)
{
	long	(*real)(long, ...) = 0;
	long	 a[6];
	va_list	 ap;
	int	 i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == MISSING) {
		errno = ENOSYS;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
'''


@normal_only("preloads a library")
def test_a_kernel_that_cannot_confine_is_refused_unless_best_effort():
    d = proc.tempdir("without")
    with open(os.path.join(d, "without.c"), "w") as f:
        f.write(WITHOUT)
    for nr, what in ((444, "has no Landlock"), (317, "has no seccomp")):
        lib = os.path.join(d, "without%d.so" % nr)
        subprocess.run(["cc", "-D_GNU_SOURCE", "-DMISSING=%d" % nr, "-O",
                        "-shared", "-fPIC", "-o", lib,
                        os.path.join(d, "without.c"), "-ldl"], check=True)
        own = os.path.join(d, str(nr))
        os.mkdir(own)
        env = ("LD_PRELOAD=" + lib,)
        s = jail.with_environment(suite.Suite(), own, env)
        s.prefix = ("env", *env)
        s.start(wait=False)
        assert proc.await_true("it ends", lambda: s.p.poll() is not None)
        assert s.p.returncode == 1, s.log_tail()
        s.p = None
        assert re.search(r"sandbox: this kernel %s .*; \"sandbox: "
                         r"best-effort\" in .*/pail.yaml starts" % what,
                         s.log_text()), s.log_tail()
        s.over["sandbox"] = "best-effort"
        s.write_conf()
        with s:
            s.client().logout()
            assert re.search(r"warn: sandbox: this kernel %s" % what,
                             s.log_text())
            words = re.search(r"imapd\[\d+\] info: sandbox=(.*)",
                              s.log_text()).group(1).split(",")
            assert (nr == 444) == ("seccomp" in words), words
            assert (nr == 317) == ("landlock-%d" % jail.landlock() in
                                   words), words
