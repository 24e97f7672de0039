"""The container image, and nodes that run from it: by rootless podman as an
ordinary user, built by buildah from the last stage of etc/Containerfile; or,
where podman is missing or the kernel does not let it (a chroot makes no user
namespaces), in a chroot of the image's files with the same restrictions."""

import functools
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess

import measure
import proc
import suite

UID = 10001             # etc/Containerfile's
USER = "pailregress"    # on the host: only in namespaces of ours
HOST_UID, FIRST_SUB, SUBS = 21000, 300000, 65536
FROM = "docker.io/library/debian:12-slim"
CONTAINERFILE = os.path.join(proc.TOP, "etc/Containerfile")

# $1: the root; then pairs of a volume and where it is mounted.
CHROOT = r"""
root=$1
shift
mount --bind "$root" "$root"
mount -t tmpfs -o mode=1777,size=2G tmpfs "$root/run/pail"
chgrp 10001 "$root/run/pail"
chmod 3777 "$root/run/pail"
while [ "$1" != -- ]; do
	mount --bind "$1" "$root$2"
	mount -o remount,bind,ro "$root$2"
	shift 2
done
shift
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs \
    --bounding-set -all,+sys_chroot,+setuid,+setgid \
    chroot --userspec=10001:10001 --groups=10001 "$root" "$@"
"""

# A host for an ordinary user: with ranges of user ids, cgroups as crun wants
# them, and a /dev/net/tun that is everybody's, as udev would have it; seen by
# nobody else.
HOST = r"""
user=$1 uid=$2 first=$3 subs=$4 dir=$5
mount --make-rshared /
cat /etc/passwd > "$dir/passwd"
echo "$user:x:$uid:$uid::$dir/home:/bin/sh" >> "$dir/passwd"
cat /etc/group > "$dir/group"
echo "$user:x:$uid:" >> "$dir/group"
echo "$user:$first:$subs" | tee "$dir/subgid" > "$dir/subuid"
for f in passwd group subuid subgid; do
	mount --bind "$dir/$f" "/etc/$f"
done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /dev/shm	# podman's locks, by the user's number
if [ -e /dev/net/tun ]; then
	mknod -m 666 "$dir/tun" c 10 200
	mount --bind "$dir/tun" /dev/net/tun
fi
mkdir "$dir/home" "$dir/run" "$dir/tmp"
chown -R "$uid:$uid" "$dir/home" "$dir/run" "$dir/tmp"
echo made
exec cat
"""


def files(build, folder):
    """The image's files in a folder of that name."""
    subprocess.run(["sh", "mk/image.sh", os.path.relpath(build, proc.TOP),
                    folder], cwd=proc.TOP, check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def last_stage():
    """The image itself, and the variables that it sets."""
    with open(CONTAINERFILE) as f:
        text = f.read()
    text = text[text.index("FROM scratch"):]
    env = re.search(r"^ENV ((?:.*\\\n)*.*)", text, re.M).group(1)
    pairs = re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', env)
    return text, {k: a or b for k, a, b in pairs}


def documented():
    """The options of "podman run" in etc/Containerfile, to publish 143."""
    with open(CONTAINERFILE) as f:
        text = f.read().replace("\\\n#", "")
    return shlex.split(re.search(r"podman run (.*? -p 143:143) ",
                                 text).group(1))


def on_the_hosts_network():
    """The same with the host's network, where the store is."""
    options = documented()
    for name in ("--sysctl", "-p"):         # of a network of one's own
        at = options.index(name)
        del options[at:at + 2]
    return [*options, "--network", "host"]


def chroot_argv(root, binds, *command):
    return ["unshare", "-m", "sh", "-euc", CHROOT, "sh", root, *binds, "--",
            *command]


class Chroot:
    """Of the image's files."""

    def __init__(self, build, why):
        self.how = "a chroot of the image's files, because " + why
        self.root = files(build, os.path.join(proc.tempdir("image"), "root"))
        text, self.env = last_stage()
        assert "USER %d:%d" % (UID, UID) in text, text
        os.mkdir(self.root + "/etc/pail")
        open(self.root + "/etc/pail/users", "w").close()

    def run(self, node, **kw):
        binds = [x for volume in node.volumes for x in volume]
        return proc.spawn(
            chroot_argv(self.root, binds, "/usr/sbin/paild", "-d"),
            env={"PATH": os.environ["PATH"], **self.env, **node.env}, **kw)

    def exec(self, node, *command):
        return subprocess.run(
            ["nsenter", "-t", str(node.p.pid), "-m", "-r", *command],
            env={"PATH": os.environ["PATH"], **self.env, **node.env},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def terminate(self, node):
        node.p.terminate()

    def owner(self, path):
        """Gives it to who may have files for the container."""

    def processes(self, node):
        """[(pid, name)] of all of it."""
        return [(node.p.pid, "paild"), *measure.children(node.p.pid)]

    uid = UID


class Podman:
    """As an ordinary user."""

    how = "rootless podman"
    uid = FIRST_SUB + UID - 1

    def __init__(self):
        self.dir = proc.tempdir("podman")
        self.host = proc.spawn(
            ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-euc", HOST, "sh", USER,
             str(HOST_UID), str(FIRST_SUB), str(SUBS), self.dir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def begin(self, build):
        said = self.host.stdout.readline().decode()
        if said != "made\n":
            raise OSError(said)
        self.init = measure.children(self.host.pid)[0][0]
        context = os.path.join(self.dir, "context")
        os.mkdir(context)
        files(build, os.path.join(context, "image"))
        text = last_stage()[0].replace("COPY --from=build /image /",
                                       "COPY image /")
        with open(os.path.join(context, "Containerfile"), "w") as f:
            f.write(text)
        self.do("buildah", "--storage-driver", "vfs", "bud", "--isolation",
                "chroot", "-t", "pail", context)
        self.do(*self.podman("run", "--rm", *on_the_hosts_network(),
                             "--entrypoint", "/usr/sbin/paild", "pail", "-n",
                             "--env"))

    def podman(self, *args):
        return ["podman", "--storage-driver", "vfs", "--cgroup-manager",
                "cgroupfs", "--events-backend", "file", *args]

    def argv(self, *command):
        return ["nsenter", "-t", str(self.init), "-m", "-p", "setpriv",
                "--reuid", str(HOST_UID), "--regid", str(HOST_UID),
                "--clear-groups", "env", "-i", "PATH=" + os.environ["PATH"],
                "HOME=%s/home" % self.dir, "TMPDIR=%s/tmp" % self.dir,
                "XDG_RUNTIME_DIR=%s/run" % self.dir, "LANG=C.UTF-8", *command]

    def do(self, *command, timeout=120, show=300, **kw):
        r = subprocess.run(self.argv(*command), cwd="/", timeout=timeout,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           **kw)
        if r.returncode != 0:
            raise OSError("%s: %s" % (command[0],
                                      r.stdout.decode()[-show:]))
        return r.stdout.decode()

    def build_whole(self):
        """The image is that of the whole etc/Containerfile from now on. What
        it is from is made by debootstrap, with this machine's way to Debian;
        what it is of, by make dist."""
        d = os.path.join(self.dir, "whole")
        subprocess.run(["sh", "mk/dist.sh", d], cwd=proc.TOP, check=True,
                       stdout=subprocess.DEVNULL)
        base = debian(os.path.join(d, "debian"))
        tar = subprocess.Popen(["tar", "-C", base, "-c", "."],
                               stdout=subprocess.PIPE)
        self.do(*self.podman("import", "-", FROM), stdin=tar.stdout,
                timeout=600)
        assert tar.wait() == 0
        source, = glob.glob(os.path.join(d, "*.tar.gz"))
        subprocess.run(["tar", "-C", d, "-xzf", source], check=True)
        return self.do(
            "buildah", "--storage-driver", "vfs", "bud", "--pull-never",
            "--isolation", "chroot", "--network", "host", "-f",
            CONTAINERFILE, "-t", "pail", source[:-len(".tar.gz")],
            timeout=3600, show=3000)

    def run(self, node, **kw):
        more = [x for k, v in node.env.items()
                for x in ("-e", "%s=%s" % (k, v))]
        for volume in node.volumes:
            more += ["-v", "%s:%s:ro" % volume]
        # There is no systemd for cgroups.
        return proc.spawn(self.argv(*self.podman(
            "run", "--rm", "--name", node.name, "--cgroups=disabled",
            *node.options, *more, "pail")), cwd="/", **kw)

    def exec(self, node, *command):
        return subprocess.run(
            self.argv(*self.podman("exec", node.name, *command)), cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def terminate(self, node):
        self.do(*self.podman("kill", "--signal", "TERM", node.name))

    def owner(self, path):
        os.chown(path, HOST_UID, HOST_UID)

    def processes(self, node):
        paild = [p for p in descendants(self.host.pid) if p[1] == "paild" and
                 node.name.encode() in environment(p[0])]
        assert len(paild) == 1, paild
        return paild + measure.children(paild[0][0])


def debian(root):
    """A minimal Debian 12 in that folder."""
    with open("/etc/apt/sources.list.d/debian.sources") as f:
        mirror = re.search(r"^URIs: *(\S+)", f.read(), re.M).group(1)
    r = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=ca-certificates",
         "bookworm", root, mirror], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    assert r.returncode == 0, r.stdout[-3000:]
    os.remove(root + "/etc/apt/sources.list")
    for path in ("/etc/apt/sources.list.d/debian.sources",
                 "/etc/apt/apt.conf", "/etc/resolv.conf", "/etc/hosts",
                 *glob.glob("/etc/apt/apt.conf.d/*proxy*"),
                 *glob.glob("/etc/apt/apt.conf.d/*registry*")):
        if os.path.isfile(path):
            shutil.copy(path, root + path)
    # (Links that lead out of there are as good.)
    subprocess.run(["cp", "-rL", "/etc/ssl/certs", root + "/etc/ssl/"],
                   stderr=subprocess.DEVNULL)
    return root


def descendants(pid):
    out = measure.children(pid)
    for child, _ in list(out):
        out += descendants(child)
    return out


def environment(pid):
    with open("/proc/%d/environ" % pid, "rb") as f:
        return f.read()


@functools.cache
def engine(build):
    """What runs the image here; .how says what it is."""
    for tool in ("podman", "buildah", "newuidmap"):
        if shutil.which(tool) is None:
            return Chroot(build, "there is no %s" % tool)
    podman = Podman()
    try:
        podman.begin(build)
        proc.share(podman.host)
        return podman
    except (OSError, subprocess.SubprocessError) as e:
        proc.end(podman.host, signal.SIGKILL)
        return Chroot(build, "podman cannot: %s" % e)


class Node(suite.Suite):
    """A Suite whose paild is that of the image, from variables alone. more:
    PAIL_* variables, besides those that the Containerfile names."""

    def __init__(self, store, users=("ann",), name="node", **more):
        super().__init__(store, users, name)
        self.engine = engine(self.build)
        self.http_port = proc.free_port()
        self.name = os.path.basename(self.dir)
        server, bucket = store
        self.env = {
            "PAIL_LISTEN": "[imap://127.0.0.1:%d, http://127.0.0.1:%d]" % (
                self.imap_port, self.http_port),
            "PAIL_BUCKET": bucket,
            "PAIL_STORE_REGION": server.region,
            "PAIL_STORE_ENDPOINT": server.endpoint,
            "PAIL_STORE_ACCESS_KEY": server.access,
            "PAIL_STORE_SECRET_KEY": server.secret,
            "HOSTNAME": self.name,
            **more}
        if suite.jail.landlock() < 2:
            self.env["PAIL_SANDBOX"] = "best-effort"
        self.options = on_the_hosts_network()
        self.volumes = [(self.file("users"), "/etc/pail/users")]
        self.engine.owner(self.file("users"))

    def file(self, name):
        return os.path.join(self.dir, name)

    def start(self, wait=True, seconds=60):
        self.log = open(self.logname, "ab")
        self.p = self.engine.run(self, stdout=subprocess.PIPE,
                                 stderr=self.log)
        if wait:
            self.await_ready(seconds)
        return self

    def ctl(self, *args, input=None, check=True, timeout=120):
        """On the host before there is a node; in the container then."""
        if self.p is None:
            return super().ctl(*args, input=input, check=check)
        r = self.engine.exec(self, "/usr/sbin/pailctl", *args)
        # With paild, its first process, all of the container is killed, and
        # podman may no longer find it.
        if args[0] == "drain" and r.returncode != 0:
            r.returncode = self.p.wait(60)
        assert not check or r.returncode == 0, r
        return r

    def log_settle(self):
        pass

    def children(self):
        return self.engine.processes(self)[1:]

    def stop(self):
        if self.p.poll() is None:
            self.engine.terminate(self)
            self.p.wait(60)
        super().stop()


class Published(Node):
    """As the manual has it, to the letter: the container has a network of its
    own, of which 143 is published, and clients need TLS."""

    def __init__(self, store):
        super().__init__(store, name="published")
        del self.env["PAIL_LISTEN"]
        at = self.options = documented()
        at[at.index("143:143")] = "127.0.0.1:%d:143" % self.imap_port
        # The host of the store, from within.
        at += ["--network", "slirp4netns:allow_host_loopback=true"]
        self.env["PAIL_STORE_ENDPOINT"] = "http://10.0.2.2:%d" % store[0].port
        for key, name in (("CERTIFICATE", "cert.pem"),
                          ("PRIVATE_KEY", "key.pem")):
            self.env["PAIL_TLS_" + key] = "/etc/pail/" + name
            self.volumes.append((self.file(name), "/etc/pail/" + name))
            os.chown(self.file(name), self.engine.uid, -1)


def published(store):
    """A Published one; where nothing can be published, a Node."""
    if isinstance(engine(os.path.join(proc.TOP, suite.BUILD)), Podman) and \
            shutil.which("slirp4netns") and os.path.exists("/dev/net/tun"):
        return Published(store)
    return Node(store)
