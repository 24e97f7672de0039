"""What the kernel says of a process's sandbox; acts that are tried from within
(preload/jail.c)."""

import ctypes
import os
import pwd
import re
import shutil
import socket
import subprocess

import proc

SOURCE = os.path.join(proc.TOP, "regress/preload/jail.c")
UNIT = os.path.join(proc.TOP, "etc/paild.service")
CHILDREN = ("admind", "authd", "credd", "imapd", "lmtpd", "storaged")


def capabilities():
    """setpriv's words for those that the unit leaves."""
    with open(UNIT) as f:
        words = re.search(r"^CapabilityBoundingSet=(.*)$", f.read(),
                          re.M).group(1).split()
    assert set(words) <= {"CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT",
                          "CAP_NET_BIND_SERVICE", "CAP_CHOWN", "CAP_KILL"}
    return "-all," + ",".join("+" + w[4:].lower() for w in words)


def make_dirs(s):
    """As tmpfiles.d does: under the unit, paild cannot change owners."""
    try:
        pwd.getpwnam("_pail_store")
        owner = "_pail_store"
    except KeyError:
        owner = "nobody"
    for name in ("cache", "store"):
        os.mkdir(os.path.join(s.dir, name), 0o700)
        shutil.chown(os.path.join(s.dir, name), owner)


def landlock():
    """The version that the kernel has; 0: none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def status(pid):
    """{"Seccomp": "2", ...} of /proc/PID/status."""
    with open("/proc/%d/status" % pid) as f:
        return dict(re.findall(r"^(\w+):\s*(.*)$", f.read(), re.M))


def limit(pid, name):
    """(soft, hard) as /proc/PID/limits has them."""
    with open("/proc/%d/limits" % pid) as f:
        return tuple(re.search(r"^%s +(\S+) +(\S+)" % name, f.read(),
                               re.M).groups())


def space(pid, name):
    return os.readlink("/proc/%d/ns/%s" % (pid, name))


def with_environment(s, d, env):
    """The children have these variables, which paild would not give them:
    they are programs in d that set them. Returns s."""
    real = os.path.join(s.build, "bin")
    s.build = d
    os.mkdir(os.path.join(d, "bin"))
    os.mkdir(os.path.join(d, "real"))
    for name in ("paild", "pailctl"):
        shutil.copy(os.path.join(real, name), s.bin(name))
    for name in CHILDREN:
        copy = os.path.join(d, "real", name)
        shutil.copy(os.path.join(real, name), copy)
        with open(s.bin(name), "w") as f:
            f.write("#!/bin/sh\nexec env %s %s\n" % (" ".join(env), copy))
        os.chmod(s.bin(name), 0o755)
    return s


class Probe:
    """p.of(s): each process of that suite tries its acts when it starts;
    p.said(s): [(process, act, outcome)]."""

    def __init__(self):
        self.dir = proc.tempdir("jail")
        lib = os.path.join(self.dir, "jail.so")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-O", "-shared", "-fPIC",
                        "-o", lib, SOURCE, "-ldl"], check=True)
        out = os.path.join(self.dir, "out")
        os.mkdir(out)
        os.chmod(out, 0o777)
        file = os.path.join(self.dir, "file")
        with open(file, "w") as f:
            f.write("read me\n")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.env = ("LD_PRELOAD=" + lib, "JAIL_FILE=" + file,
                    "JAIL_OUT=" + out, "JAIL_PORT=%d" %
                    self.listener.getsockname()[1])

    def of(self, s):
        return with_environment(s, self.dir, self.env)

    def said(self, s):
        return re.findall(r" (\w+)(?:/\d+)?\[\d+\] warn: stderr: jail: "
                          r"(.*): (\w+)$", s.log_text(), re.M)
