"""What the processes of a suite cost: memory as the kernel counts it."""

import os


def _rollup(pid, key):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


def pids(s):
    """paild and its children."""
    return [s.p.pid] + [pid for pid, _ in s.children()]


def pss(s):
    """KiB of all processes of a suite: each shared page counted once."""
    return sum(_rollup(pid, "Pss") for pid in pids(s))


def pss_by_name(s):
    out = {"paild": _rollup(s.p.pid, "Pss")}
    for pid, name in s.children():
        out[name] = out.get(name, 0) + _rollup(pid, "Pss")
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
