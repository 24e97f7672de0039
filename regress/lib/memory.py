"""What is in the memory of processes: a search in all that is readable, as
root or a debugger would do it."""

import os
import re
import subprocess

import proc

CHUNK = 1 << 20


class Mapping:
    """A line of /proc/PID/smaps and its VmFlags ("dd": in no core file, "lo":
    locked)."""

    def __init__(self, head):
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", head)
        self.begin, self.end = int(m.group(1), 16), int(m.group(2), 16)
        self.perms, self.name = m.group(3), m.group(4)
        self.flags = []

    def __repr__(self):
        return "%x-%x %s %s" % (self.begin, self.end, self.perms, self.name)


def mappings(pid):
    out = []
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                out.append(Mapping(line.rstrip("\n")))
            elif line.startswith("VmFlags:"):
                out[-1].flags = line.split()[1:]
    return out


def pieces(f, m, overlap):
    """The mapping's bytes, each piece with the end of the one before."""
    last, at = b"", m.begin
    while at < m.end:
        try:
            f.seek(at)
            data = f.read(min(CHUNK, m.end - at))
        except OSError:                 # a guard, or a device
            data = b""
        yield last + data
        last = data[-overlap:]
        at += CHUNK


def search(pid, needles):
    """[(the needle's name, mapping)]; needles: name -> bytes."""
    overlap = max(len(x) for x in needles.values())
    found = []
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as f:
        for m in mappings(pid):
            if "r" not in m.perms or m.name in ("[vvar]", "[vsyscall]"):
                continue
            names = set()
            for data in pieces(f, m, overlap):
                names |= {n for n, x in needles.items() if x in data}
            found += [(n, m) for n in sorted(names)]
    return found


def core(pid, needles):
    """The names of the needles that are in a core of the process that a
    debugger forces, with all that the kernel would leave out."""
    path = os.path.join(proc.tempdir("core"), "core")
    r = subprocess.run(
        ["gdb", "-nx", "-batch", "-p", str(pid), "-ex",
         "set use-coredump-filter off", "-ex",
         "set dump-excluded-mappings on", "-ex",
         "generate-core-file " + path], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert os.path.exists(path), r.stdout
    with open(path, "rb") as f:
        data = f.read()
    os.unlink(path)
    return {name for name, x in needles.items() if x in data}


def who_has(s, needles):
    """{(process, needle)} of a suite, and where: [(process, needle,
    mapping)]."""
    rows = []
    for pid, name in [(s.p.pid, "paild")] + s.children():
        rows += [(name, needle, m) for needle, m in search(pid, needles)]
    return {(name, needle) for name, needle, _ in rows}, rows
