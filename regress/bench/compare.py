#!/usr/bin/env python3
"""The bench's rows on the file store beside those of another commit, in turns:
what the machine gives changes from minute to minute.

usage: compare.py REV [--turns N] [--rows WORD]
--turns: how often each runs (6)
--rows: only those whose names contain WORD

Both are built, REV in build/compare; the bench of each measures it."""

import os
import re
import statistics
import subprocess
import sys

import bench

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
ROW = re.compile(r"^   (\S.*?)  +(-?[\d.]+)$", re.M)


def tree(rev):
    """The folder of that commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", rev], cwd=TOP,
                            check=True, capture_output=True,
                            text=True).stdout.strip()
    where = os.path.join(TOP, "build/compare", commit)
    if not os.path.isdir(where):
        subprocess.run(["git", "worktree", "add", "--detach", "-q", where,
                        commit], cwd=TOP, check=True)
    return where


def measure(where, word):
    """{row: value}; of what was measured several times the best."""
    for name in "regress/bench/bench.py", "regress/bench.py":
        if os.path.exists(os.path.join(where, name)):
            break
    text = subprocess.run(
        [sys.executable, name, "--only", "file"] +
        (["--rows", word] if word else []), cwd=where, check=True,
        capture_output=True, text=True).stdout
    out = {}
    for row, value in ROW.findall(text):
        better = max if row.endswith("/s") else min
        out[row] = better(out.get(row, float(value)), float(value))
    return out


def show(row, ours, theirs):
    """Medians, and how many times better ours is."""
    a, b = statistics.median(ours), statistics.median(theirs)
    print("%-32s %10s %10s %7s" % (
        row, bench.shown(row, a), bench.shown(row, b),
        bench.ratio(row, a, b)))


def main(argv):
    if len(argv) < 1 or argv[0].startswith("-"):
        sys.exit(__doc__)

    def option(name, default):
        return argv[argv.index(name) + 1] if name in argv else default
    turns, word = int(option("--turns", "6")), option("--rows", "")
    places = TOP, tree(argv[0])
    for where in places:
        subprocess.run(["make", "-s", "-j2"], cwd=where, check=True,
                       stdout=subprocess.DEVNULL)
    rates = {where: {} for where in places}
    for k in range(turns):
        for where in places if k % 2 == 0 else places[::-1]:
            for row, value in measure(where, word).items():
                rates[where].setdefault(row, []).append(value)
    ours, theirs = (rates[where] for where in places)
    print("%-32s %10s %10s %7s" % ("", "this", argv[0][:10], "better"))
    for row in ours:
        # An idle session's memory may be less than nothing.
        if row in theirs and statistics.median(theirs[row]) > 0:
            show(row, ours[row], theirs[row])


if __name__ == "__main__":
    main(sys.argv[1:])
