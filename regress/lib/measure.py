"""Resource usage of the processes of a suite: memory as counted by the
kernel."""

import os
import re


def rollup(pid, key):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


def children(parent):
    """(pid, name) of a process's children."""
    out = []
    for d in os.listdir("/proc"):
        if not d.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % d) as f:
                stat = f.read()
        except OSError:
            continue
        m = re.match(r"(\d+) \((.*)\) (\S) (\d+)", stat)
        if int(m.group(4)) == parent and m.group(3) != "Z":
            out.append((int(m.group(1)), m.group(2)))
    return out


def pids(s):
    """paild and its children."""
    return [s.p.pid] + [pid for pid, _ in s.children()]


def pss(s):
    """KiB of all processes of a suite: each shared page counted once."""
    return sum(rollup(pid, "Pss") for pid in pids(s))


def pss_by_name(s, key="Pss"):
    """key: "Pss_Anon" leaves out the pages of files, whose share changes
    with every other program that has them open."""
    out = {"paild": rollup(s.p.pid, key)}
    for pid, name in s.children():
        out[name] = out.get(name, 0) + rollup(pid, key)
    return out


def _status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


def cpu(s):
    """Seconds of CPU by name of process, since its start."""
    out = {}
    for pid, name in [(s.p.pid, "paild")] + s.children():
        with open("/proc/%d/stat" % pid) as f:
            w = f.read().rpartition(")")[2].split()
        out[name] = (out.get(name, 0) +
                     (int(w[11]) + int(w[12])) / os.sysconf("SC_CLK_TCK"))
    return out


class Peak:
    """KiB by which each process's resident memory rose at most above what
    it was at the start: Peak(s), the work, .rise()."""

    def __init__(self, s):
        self.s = s
        self.before = {}
        for pid, name in [(s.p.pid, "paild")] + s.children():
            with open("/proc/%d/clear_refs" % pid, "w") as f:
                f.write("5\n")
            self.before[pid] = (name, _status(pid, "VmRSS"))

    def rise(self):
        return {"%s %d" % (name, pid): _status(pid, "VmHWM") - rss
                for pid, (name, rss) in self.before.items()}


def others():
    """How many times longer something may take on this machine, since others
    load it, too."""
    return max(1, os.getloadavg()[0] / os.cpu_count())
