#!/usr/bin/env python3
"""Checks includes against the table "Where things are" in README.

A room (top-level directory) includes its own headers, common/ and what the
table says it uses. The floors (subdirectories) of a room are listed from the
top down, and each includes only those below it. No modules include each other
in a circle (a module is x.c, x.h and its x_int.h or x_impl.h). Tests, fakes,
rigs and fuzz targets may include from any floor of their room. mk/lint.sh runs
this.

usage: includes.py [--graph FLOOR]	lists the modules of FLOOR, and what
					each includes from the same floor"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^#include "([a-z0-9_]+/[a-z0-9_/]+\.h)"', re.M)
TEST = re.compile(r"(_test|_fuzz|_fake\w*|_suite|_example|_rig|_nodes)\.[ch]$"
                  r"|/test/|^regress/")
# Circles of before that have yet to open: this list only gets shorter.
ALLOWED = []


def module(name):
    return re.sub(r"(_int|_impl)?\.[ch]$", "", name)


def table():
    """Room -> its floors, from the top down, and the rooms it may use."""
    with open(os.path.join(TOP, "README")) as f:
        part = f.read().split("Where things are\n", 1)[1]
    rooms, uses, room = {}, {}, None
    for line in part.split("\nHACKING ")[0].split("\n"):
        m = re.match(r"\t(  )?([a-z][a-z0-9/]*)/\s", line + " ")
        if m and not m.group(1):
            room = m.group(2)
            rooms[room] = [room]
        elif m:
            rooms[room].append(room + "/" + m.group(2))
        for word in re.findall(r"\buses ([a-z/, ]+)", line):
            uses.setdefault(room, []).extend(re.findall(r"[a-z]+", word))
    return rooms, uses


def sources():
    names = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=TOP,
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.split()
    out = {}
    for name in names:
        with open(os.path.join(TOP, name)) as f:
            out[name] = INCLUDE.findall(f.read())
    return out


def circles(edges):
    """The strongly connected components with more than one member."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in sorted(edges.get(v, ())):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            group = []
            while True:
                w = stack.pop()
                on.discard(w)
                group.append(w)
                if w == v:
                    break
            if len(group) > 1:
                found.append(sorted(group))

    for v in sorted(edges):
        if v not in index:
            visit(v)
    return found


def main():
    rooms, uses = table()
    edges, bad = {}, []
    for name, includes in sorted(sources().items()):
        room, floor = name.split("/")[0], os.path.dirname(name)
        if room not in rooms or TEST.search(name):
            continue
        stem = module(name)
        for inc in includes:
            to, to_floor = inc.split("/")[0], os.path.dirname(inc)
            if TEST.search(inc):
                bad.append("%s: includes %s, which is for tests" % (
                    name, inc))
            if to != room:
                if to != "common" and to not in uses.get(room, ()):
                    bad.append("%s: includes %s of another room" % (
                        name, inc))
                continue
            order = rooms[room]
            if floor not in order or to_floor not in order:
                bad.append("%s: %s is no floor of the README's table" % (
                    name, floor if floor not in order else to_floor))
            elif order.index(to_floor) < order.index(floor):
                bad.append("%s: includes %s, which is above it" % (
                    name, inc))
            if module(inc) != stem:
                edges.setdefault(stem, set()).add(module(inc))
    if len(sys.argv) == 3 and sys.argv[1] == "--graph":
        for stem in sorted(edges):
            if os.path.dirname(stem) == sys.argv[2]:
                print(os.path.basename(stem), "->", " ".join(sorted(
                    os.path.basename(w) for w in edges[stem]
                    if os.path.dirname(w) == sys.argv[2])))
    found = circles(edges)
    for group in found:
        if group not in ALLOWED:
            bad.append("circle: " + " ".join(group))
    for group in ALLOWED:
        if group not in found:
            bad.append("mk/includes.py allows a circle that is no more, or "
                       "another one now: " + " ".join(group))
    for line in bad:
        print(line)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
