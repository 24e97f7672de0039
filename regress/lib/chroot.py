"""A root directory for a program that has its places compiled in: its package
(mk/mta.sh), the libraries that it is linked with, and the few files of /etc
that it looks for. Nothing of it is seen outside, nor the machine's own files
inside."""

import glob
import os
import re
import shutil
import subprocess

import proc

TOOLS = os.path.join(proc.TOP, "build/tools/mta")
DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8),
           "urandom": (1, 9)}


def missing():
    """Why there can be no root here; None: there can."""
    if os.getuid() != 0:
        return "chroot(2) and the MTAs' own users need root"
    if not os.path.exists(os.path.join(TOOLS, "complete")):
        return "no MTAs: run mk/testdeps.sh"
    return None


def elf(path):
    """A program; not a script or a directory."""
    if not os.path.isfile(path) or os.path.islink(path):
        return False
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def library_path(*more):
    """LD_LIBRARY_PATH for what is not installed."""
    return ":".join([*more, *glob.glob(TOOLS + "/lib/usr/lib/*-linux-gnu"),
                     *glob.glob(TOOLS + "/lib/lib/*-linux-gnu")])


def libraries(paths, more=()):
    """{name: where it is} of all that these programs are linked with."""
    out = subprocess.run(
        ["ldd", *paths], stdout=subprocess.PIPE, check=True,
        env=dict(os.environ, LD_LIBRARY_PATH=library_path(*more)))
    text = out.stdout.decode()
    assert "not found" not in text, (paths, text)
    found = dict(re.findall(r"^\s*(\S+) => (/\S+)", text, re.M))
    found.update((p, p) for p in re.findall(r"^\s*(/\S+) \(", text, re.M))
    return found


def link(source, target):
    """A name more for a file; a copy of one on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


class Root:
    def __init__(self, name, package, users):
        """users: {name: uid}, each with a group of the same name and
        number."""
        self.dir = proc.tempdir(name)
        self.package = os.path.join(TOOLS, package)
        for d in ("dev", "etc/ssl/certs", "tmp", "run/pail", "var/log",
                  "var/run", "var/spool", "var/lib", "usr/lib", "usr/sbin",
                  "usr/bin", "lib", "bin"):
            os.makedirs(self.path(d))
        os.chmod(self.path("tmp"), 0o1777)
        for dev, number in DEVICES.items():
            path = self.path("dev/" + dev)
            os.mknod(path, 0o20666, os.makedev(*number))
            os.chmod(path, 0o666)
        users = dict(users, root=0, nobody=65534)
        self.write("etc/passwd", "".join(
            "%s:x:%d:%d::/%s:/bin/sh\n" % (u, n, n, "root" if n == 0 else
                                           "nonexistent")
            for u, n in users.items()))
        self.write("etc/group", "".join("%s:x:%d:\n" % x
                                        for x in users.items()))
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\n"
                   "hosts: files\nservices: files\n")
        self.write("etc/hosts", "127.0.0.1 localhost mx.example.org\n")
        self.write("etc/services", "smtp 25/tcp\nlmtp 24/tcp\n")
        self.write("etc/resolv.conf", "")
        self.programs({"/bin/sh": "/bin/sh"})

    def path(self, name):
        return os.path.join(self.dir, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        try:
            with open(self.path(name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def programs(self, where, more=()):
        """{program: its place here}, and their libraries."""
        for source, target in where.items():
            target = self.path(target)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            link(os.path.realpath(source), target)
        for name, path in libraries(where, more).items():
            # By name, where the loader looks; itself, where it has to be.
            target = self.path(name if name.startswith("/") else
                               re.sub(r".*?(/lib/[^/]*-linux-gnu|/lib).*",
                                      r"\1/", path) + name)
            if not os.path.exists(target):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                link(os.path.realpath(path), target)

    def packaged(self, *names, more=()):
        """Programs of the package, at their places; a directory: all in
        it."""
        found = {}
        for name in names:
            source = os.path.join(self.package, name)
            inside = [name] if os.path.isfile(source) else [
                os.path.join(name, x) for x in os.listdir(source)]
            found.update((os.path.join(self.package, x), x) for x in inside
                         if elf(os.path.join(self.package, x)))
        self.programs(found, more)

    def argv(self, *words, gid=0):
        return [shutil.which("chroot") or "/usr/sbin/chroot",
                "--userspec=0:%d" % gid, self.dir, *words]

    def run(self, *words, gid=0, check=True):
        r = subprocess.run(self.argv(*words, gid=gid), timeout=60,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert not check or r.returncode == 0, (words, r.stdout.decode())
        return r.stdout.decode()

    def spawn(self, *words):
        self.out = open(self.path("out"), "ab")
        # (Servers close all that could be open: a million take a second.)
        return proc.spawn(["prlimit", "--nofile=4096", *self.argv(*words)],
                          stdin=subprocess.DEVNULL, stdout=self.out,
                          stderr=self.out)
