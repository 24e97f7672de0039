#!/usr/bin/env python3
"""make mutants: do the tests notice if a line of code is wrong?

mk/mutants.list lists mutations. Each is applied in turn: the file is compiled
with the change and linked, in place of the original, into the unit tests that
the list names for the file; these are run, on the ASan+UBSan build, too, if
there is one, as in make regress. A test that fails, crashes or hangs has
noticed; the survivors are printed. The source tree is never modified.

	storaged/format/head.c: head_test commit_test		(the file's tests)
	- if (n > MAX)			the line, which occurs once in the file
	+ if (n >= MAX)			its replacement
	@function_name			the next line is in this function
	! test_kill.test_x		a regress test for the next line, which
					is run if the unit tests have passed

usage: mutants.py [--jobs N] [--most PERCENT] [FILE ...]	runs the list
       mutants.py --check [FILE ...]	only checks that each line still exists
       mutants.py --propose N [--seed S] [FILE ...]	tries random ones

--propose prints what it tried in the format of the list, survivors first, to
find code that no test covers."""

import argparse
import concurrent.futures
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(TOP, "mk", "mutants.list")
TEST_SECONDS = 120


class Stale(Exception):
    """The list names what is not there (any more)."""


class Place:
    def __init__(self, path, tests, old, new, where, function=None,
                 regress=None):
        self.path, self.tests = path, tests
        self.old, self.new = old, new
        self.where, self.function, self.regress = where, function, regress

    def __str__(self):
        return "%s%s: %s  =>  %s" % (
            self.path, " " + self.function if self.function else "",
            self.old, self.new)


def read_list(path):
    places, heads = [], {}
    file, tests, function, regress, old = None, [], None, None, None
    with open(path) as f:
        for n, line in enumerate(f, 1):
            line = line.rstrip("\n")
            where = "%s:%d" % (os.path.relpath(path, TOP), n)
            if not line or line.startswith("#"):
                continue
            if line.startswith("@"):
                function = line[1:].strip()
            elif line.startswith("!"):
                regress = line[1:].strip()
            elif line.startswith("- "):
                old = line[2:].strip()
            elif line.startswith("+"):
                if old is None:
                    raise Stale(where + ": a + without its -")
                places.append(Place(file, tests, old, line[1:].strip(),
                                    where, function, regress))
                old = function = regress = None
            else:
                file, _, names = line.partition(":")
                room = file.split("/")[0]
                tests = [t if "/" in t else room + "/" + t
                         for t in names.split()]
                if not tests:
                    raise Stale(where + ": no test is named")
            heads[file] = tests
    return places, heads


def body(text, function):
    """Where a function's body lies in text."""
    m = re.search(r"^%s\(.*?^\{$" % re.escape(function), text,
                  re.M | re.S)
    if not m:
        raise Stale("no function " + function)
    end = text.find("\n}\n", m.end())
    return m.start(), len(text) if end < 0 else end


def broken(place):
    """The file's text with the place changed."""
    try:
        with open(os.path.join(TOP, place.path)) as f:
            text = f.read()
    except FileNotFoundError:
        raise Stale(place.path + ": is no more") from None
    start, end = 0, len(text)
    if place.function:
        start, end = body(text, place.function)
    part = text[start:end]
    # Several lines of the file may be one of the list: \n stands for it,
    # with whatever white space is around.
    pattern = r"\s+".join(re.escape(w) for w in place.old.split())
    found = list(re.finditer(pattern, part))
    if len(found) != 1:
        raise Stale("%s: stands there %d times: %s" % (
            place.path, len(found), place.old))
    m = found[0]
    return (text[:start] + part[:m.start()] + place.new + part[m.end():] +
            text[end:])


class Build:
    def __init__(self, mode):
        self.dir = os.path.join("build", mode)
        self.rules = {}
        with open(os.path.join(TOP, self.dir, "rules.mk")) as f:
            text = f.read()
        self.cc = re.search(r"^CC = (.*)$", text, re.M).group(1)
        flags = re.search(r"^CFLAGS_ALL = (.*)$", text, re.M).group(1)
        self.cflags = [f for f in shlex.split(flags)
                       if f not in ("-O2", "-O1", "-g", "-Werror") and
                       "FORTIFY" not in f] + ["-O0", "-w"]
        self.ldflags = shlex.split(
            re.search(r"^LDFLAGS_ALL = (.*)$", text, re.M).group(1))
        for m in re.finditer(r"^\t@\$\(CC\) \$\(LDFLAGS_ALL\) -o (\S+) (.*)$",
                             text, re.M):
            self.rules[m.group(1)] = shlex.split(m.group(2))

    def compile(self, source, out):
        return subprocess.run([self.cc] + self.cflags + ["-c", "-o", out,
                                                         source],
                              cwd=TOP, stderr=subprocess.PIPE)

    def link(self, target, obj, out):
        subprocess.run([self.cc] + self.ldflags + ["-o", out, obj] +
                       self.rules[self.find(target)], cwd=TOP, check=True)

    def find(self, target):
        """room/x_test, wherever below the room it stands."""
        room, _, name = target.partition("/")
        found = [t for t in self.rules
                 if t.startswith(os.path.join(self.dir, room) + "/") and
                 os.path.basename(t) == os.path.basename(name)]
        if len(found) != 1:
            raise Stale("%s: %d tests of that name" % (target, len(found)))
        return found[0]


def run_test(argv, env=None):
    """True when it passes."""
    with subprocess.Popen(argv, cwd=TOP, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=env,
                          start_new_session=True) as p:
        try:
            return p.wait(TEST_SECONDS) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(p.pid, 9)
            except ProcessLookupError:
                pass


def units(build, place, src, scratch):
    """The name of the unit test that noticed, or None."""
    obj = src[:-1] + "o"
    if build.compile(src, obj).returncode != 0:
        raise Stale("%s: does not compile" % place)
    for t in place.tests:
        out = os.path.join(scratch, os.path.basename(t))
        build.link(t, obj, out)
        if not run_test([out]):
            return t
        os.unlink(out)
    return None


def regress(build, place, src, scratch):
    """Does the suite notice, with its own programs but for the broken one?"""
    obj, tree = src[:-1] + "o", os.path.join(scratch, "build")
    build.compile(src, obj)
    for rel in ("bin", "regress"):
        os.makedirs(os.path.join(tree, rel))
        for f in os.listdir(os.path.join(TOP, build.dir, rel)):
            os.symlink(os.path.join(TOP, build.dir, rel, f),
                       os.path.join(tree, rel, f))
    room = place.path.split("/")[0]
    programs = os.listdir(os.path.join(tree, "bin"))
    for program in [room] if room in programs else programs:
        out = os.path.join(tree, "bin", program)
        os.unlink(out)
        build.link("bin/" + program, obj, out)
    return not run_test([sys.executable, "regress/run.py", place.regress],
                        dict(os.environ, REGRESS_BUILD=tree))


def attempt(builds, place):
    """What became of the place ("killed", "survived", "stale"), and by whom
    or why."""
    try:
        text = broken(place)
        with tempfile.TemporaryDirectory(prefix="pail-mutant-") as d:
            src = os.path.join(d, os.path.basename(place.path))
            with open(src, "w") as f:
                f.write(text)
            for build in builds:
                by = units(build, place, src, d)
                if by:
                    return "killed", by
            if place.regress and regress(builds[0], place, src, d):
                return "killed", place.regress
    except Stale as e:
        return "stale", str(e)
    return "survived", ""


SWAPS = [
    (r" <= ", " < "), (r" < ", " <= "), (r" >= ", " > "), (r" > ", " >= "),
    (r" == ", " != "), (r" != ", " == "), (r" && ", " || "),
    (r" \|\| ", " && "), (r" \+ 1\b", ""), (r" - 1\b", ""),
    (r"\breturn -1;", "return 0;"), (r"\breturn 0;", "return -1;"),
    (r"\breturn true;", "return false;"),
    (r"\breturn false;", "return true;"), (r"\(!", "("), (r" !(?=\w)", " "),
    (r" \+= ", " = "), (r" \| ", " & "), (r"\bbreak;", ";"),
]
STATEMENT = re.compile(r"^\t+([a-z_][\w.>\[\]\-]*(\(.*\)| [-+|&]?= .*)|"
                       r"[a-z_][\w.>\[\]\-]*(\+\+|--));$")


def candidates(path):
    """(line as it is, line as broken) of a file's functions."""
    with open(os.path.join(TOP, path)) as f:
        lines = f.read().split("\n")
    inside = False
    for line in lines:
        if line == "{":
            inside = True
        elif line == "}":
            inside = False
        if not inside or "log_" in line or "fatal" in line or \
                line.lstrip().startswith(("/*", "*", "//")) or '"' in line:
            continue
        if STATEMENT.match(line) and not line.strip().startswith("return"):
            yield line, ";"
        for pat, new in SWAPS:
            if len(re.findall(pat, line)) == 1:
                yield line, re.sub(pat, new, line)


def propose(n, seed, files, known):
    rng = random.Random(seed)
    out, seen = [], set()
    files = [(f, t, list(candidates(f))) for f, t in files]
    pool = [(f, t, old, new) for f, t, c in files for old, new in c]
    rng.shuffle(pool)
    for f, t, old, new in pool:
        if len(out) == n:
            break
        p = Place(f, t, old.strip(), new.strip(), "proposed")
        if (f, p.old) in seen or (f, p.old, p.new) in known:
            continue
        try:
            broken(p)
        except Stale:
            continue        # stands there several times
        seen.add((f, p.old))
        out.append(p)
    return out


def check(places):
    stale = 0
    for p in places:
        try:
            broken(p)
        except Stale as e:
            print("%s: %s" % (p.where, e))
            stale += 1
    print("mutants: %d places, %d stale" % (len(places), stale))
    return stale != 0 or not places


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--jobs", type=int, default=os.cpu_count())
    a.add_argument("--most", type=float, default=5.0)
    a.add_argument("--check", action="store_true")
    a.add_argument("--propose", type=int)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("files", nargs="*")
    args = a.parse_args()
    places, heads = read_list(LIST)
    if args.propose:
        known = {(p.path, p.old, p.new) for p in places}
        places = propose(args.propose, args.seed,
                         [(f, t) for f, t in heads.items()
                          if not args.files or f in args.files], known)
    elif args.files:
        places = [p for p in places if p.path in args.files]
    if args.check:
        return check(places)
    builds = [Build(mode) for mode in ("normal", "asan")
              if os.path.exists(os.path.join(TOP, "build", mode, "rules.mk"))]
    count = {"killed": 0, "survived": 0, "stale": 0}
    told = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for p, (what, by) in zip(places, pool.map(
                lambda p: attempt(builds, p), places)):
            count[what] += 1
            told.append((what, by, p))
            if args.propose is None and what != "killed":
                print("%s: %s: %s" % (p.where, what, by or p), flush=True)
    if args.propose:
        told.sort(key=lambda t: (t[0] != "survived", t[2].path))
        for what, by, p in told:
            if what != "stale":
                print("# %s %s\n%s: %s\n- %s\n+ %s" % (
                    what, by, p.path, " ".join(p.tests), p.old, p.new))
        return 0
    tried = count["killed"] + count["survived"]
    percent = 100.0 * count["survived"] / max(1, tried)
    print("mutants: %d places, %d killed, %d survived (%.1f %%), %d stale" % (
        len(places), count["killed"], count["survived"], percent,
        count["stale"]))
    return count["stale"] != 0 or tried == 0 or percent > args.most


if __name__ == "__main__":
    sys.exit(main())
