"""The container image: its files, run as an ordinary user on a read-only root
with one tmpfs, configured by variables alone.  A chroot and namespaces of this
test's own take the place of a container engine, which not every kernel that
runs these tests lets start."""

import os
import subprocess
import time

import imapc
import jail
import proc
import suite
from mark import normal_only

RUN = r"""
mount --bind "$1" "$1"
mount -t tmpfs -o mode=1777 tmpfs "$1/run/pail"
mount -t proc proc "$1/proc"
mount --bind /dev "$1/dev"
mount -o remount,bind,ro "$1"
exec setpriv --no-new-privs \
    --bounding-set -all,+sys_chroot,+setuid,+setgid \
    chroot --userspec=10001:10001 --groups=10001 "$1" /usr/sbin/paild -d
"""


@normal_only("strips the programs")
def test_the_image_is_small_and_serves_from_variables_alone():
    server, bucket = suite.store("minio")
    s = suite.Suite((server, bucket))
    root = os.path.join(s.dir, "image")
    subprocess.run(["sh", "mk/image.sh", os.path.relpath(s.build, proc.TOP),
                    root], cwd=proc.TOP, check=True,
                   stdout=subprocess.DEVNULL)
    size = sum(os.lstat(os.path.join(d, f)).st_size
               for d, _, files in os.walk(root) for f in files)
    assert size < 40e6, size
    assert not os.path.exists(os.path.join(root, "bin")), "it has a shell"
    os.mkdir(os.path.join(root, "etc/pail"))
    with open(os.path.join(s.dir, "users")) as f, \
            open(os.path.join(root, "etc/pail/users"), "w") as to:
        to.write(f.read())
    port = proc.free_port()
    with open(os.path.join(proc.TOP, "etc/Containerfile")) as f:
        text = f.read()
    assert "USER 10001:10001" in text, text
    env = {
        "PATH": os.environ["PATH"],
        "PAIL_LISTEN": "[imap://*:%d]" % port,
        "PAIL_STORE_TYPE": "s3",
        "PAIL_AUTH": "[{type: file, path: /etc/pail/users}]",
        "PAIL_CACHE_PATH": "/run/pail/cache",
        "PAIL_CONTROL_SOCKET": "/run/pail/pail.sock",
        "PAIL_BUCKET": bucket,
        "PAIL_STORE_REGION": server.region,
        "PAIL_STORE_ENDPOINT": server.endpoint,
        "PAIL_STORE_ACCESS_KEY": server.access,
        "PAIL_STORE_SECRET_KEY": server.secret,
    }
    for name in ("PAIL_AUTH", "PAIL_CACHE_PATH", "PAIL_CONTROL_SOCKET"):
        assert env[name] in text, (name, text)
    if jail.landlock() < 2:
        env["PAIL_SANDBOX"] = "best-effort"
    with open(s.logname, "w") as log:
        began = time.monotonic()
        s.p = proc.spawn(["unshare", "-m", "sh", "-euc", RUN, "sh", root],
                         stdout=subprocess.PIPE, stderr=log, env=env)
        s.await_ready()
        took = time.monotonic() - began
    c = imapc.Imap(port, "ann", suite.PASSWORD)
    c.ok("SELECT INBOX")
    c.logout()
    for pid, name in s.children():
        st = jail.status(pid)
        assert st["Uid"].split() == ["10001"] * 4, (name, st)
    proc.end(s.p)
    print("serves after %.1f s" % took)
    assert took < 20, took      # the 2 s, on a busy machine
