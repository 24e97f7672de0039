"""PAM and accounts for tests: services in /etc/pam.d and accounts of this host,
with names of our own, which are gone afterwards however a test ends. What a
run that was killed has left behind, the next one removes."""

import atexit
import glob
import os
import pwd
import re
import secrets
import subprocess

import proc

DIR = "/etc/pam.d"
PREFIX = "pailtest"         # then the run's pid, and a number
NOLOGIN = "/usr/sbin/nologin"
_made = []                  # what is to be undone
_count = 0


def available():
    """Why no test can use PAM here, or None."""
    if os.geteuid() != 0:
        return "services and accounts need root"
    if not os.path.isdir(DIR):
        return "this system has no " + DIR
    with open(os.path.join(proc.TOP, os.environ.get(
            "REGRESS_BUILD", "build/normal"), "features")) as f:
        return None if "PAIL_PAM" in f.read() else "this build has no PAM"


def _name():
    global _count
    _count += 1
    return "%s%dx%d" % (PREFIX, os.getpid(), _count)


def _is_stale(name):
    m = re.match(PREFIX + r"(\d+)x\d+$", name)
    return m and not os.path.exists("/proc/" + m.group(1))


def _run(*argv, input=None):
    r = subprocess.run(argv, input=input, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=60)
    assert r.returncode == 0, (argv, r.stdout)


def _delete_account(name):
    subprocess.run(["userdel", name], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)


def _delete_service(name):
    try:
        os.unlink(os.path.join(DIR, name))
    except FileNotFoundError:
        pass


def clean():
    """All that this run has made, and what dead ones have left."""
    while _made:
        delete, name = _made.pop()
        delete(name)
    for p in pwd.getpwall():
        if _is_stale(p.pw_name):
            _delete_account(p.pw_name)
    for path in glob.glob(os.path.join(DIR, PREFIX + "*")):
        if _is_stale(os.path.basename(path)):
            _delete_service(os.path.basename(path))


def service(*lines):
    """The name of a new service with these lines."""
    name = _name()
    if not _made:
        clean()
        atexit.register(clean)
    _made.append((_delete_service, name))
    with open(os.path.join(DIR, name), "w") as f:
        f.write("".join(x + "\n" for x in lines))
    return name


def unix(*account):
    """One with the accounts of this host; account: further lines."""
    return service("auth required pam_unix.so", *account,
                   "account required pam_unix.so",
                   "session required pam_permit.so")


def script(directory, users):
    """One whose passwords a program knows, by pam_exec: users of no other
    system. {name: password}"""
    path = os.path.join(directory, "check-" + secrets.token_hex(4))
    with open(path, "w") as f:
        f.write("#!/bin/sh\nIFS= read -r password || :\n"
                "password=$(printf %s \"$password\" | tr -d '\\000')\n"
                "case $PAM_USER:$password in\n")
        for user, password in users.items():
            f.write("%s:%s) exit 0 ;;\n" % (user, password))
        f.write("esac\nexit 1\n")
    os.chmod(path, 0o755)
    return service("auth sufficient pam_exec.so expose_authtok quiet " + path,
                   "auth required pam_deny.so",
                   "account required pam_permit.so",
                   "session required pam_permit.so")


def hashed(password):
    """As in shadow(5), and in our users' file."""
    r = subprocess.run(["openssl", "passwd", "-6", "-stdin"],
                       input=password.encode() + b"\n", check=True,
                       stdout=subprocess.PIPE)
    return r.stdout.decode().strip()


def account(password, *options):
    """The name of a new account of this host, without a shell. None: no
    password is right."""
    name = _name()
    if not _made:
        clean()
        atexit.register(clean)
    _made.append((_delete_account, name))
    _run("useradd", "-M", "-N", "-d", "/nonexistent", "-s", NOLOGIN,
         "-p", "!" if password is None else hashed(password), *options, name)
    return name


def change(name, *options):
    """usermod"""
    _run("usermod", *options, name)
