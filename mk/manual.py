#!/usr/bin/env python3
"""Checks that pail(7) documents the vocabulary of the log, and that each
counter is in its daemon's manual page.

Every key of a log line (log_info("user=%s ...") and its like) has an item in
"Keys" of the section LOGGING, every word that a format string has behind
result= one in "Results"; and there is no item for a word that does not occur
in the sources.
Format strings are the literals in calls of log_*(), fatal*() and say(), and
those with key=% that are written to a buffer, for a "why" or a whole line.
Each row X("name", ...) of a table ROOM/counters.h is named in ROOM.8, and
so is the metric of each struct metric_family.
(Configuration keys: paild/conf_docs_test.c.)  mk/lint.sh runs this.

usage: manual.py [MANUAL]"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEST = re.compile(r"(_test|_fuzz|_fake\w*|_suite|_example)\.c$"
                  r"|/test/|^regress/")
# What these print is not for the log: the dump of a bucket, status' table,
# the environment, an HTTP request, SVG.
NOT_LOG = {"storaged/report.c", "storaged/format/fields.c",
           "storaged/format/record.c", "storaged/format/head.c",
           "storaged/format/block.c", "paild/control_cmd.c", "paild/spawn.c",
           "storaged/bucket/s3/blob_s3_get.c",
           "storaged/bucket/s3/blob_s3_list.c",
           "storaged/bucket/s3/s3_verify.c", "admind/web/plot.c"}
CODE = re.compile(r'/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)*\'',
                  re.S)
# What follows a call's name: its arguments, as far as the ";".
CALL = re.compile(r"\b(?:log_[a-z]+|fatalx?|say|s3_call_why|buf_printf"
                  r"|snprintf|strlcat|strlcpy)\s*\(")
KEY = re.compile(r"(?:^|[\s(\"\\])([a-z][a-z0-9_-]*)=(?=[%a-z\"'\\]|$)")
RESULT = re.compile(r"(?:^| )result=([a-z]+)")
FAMILY = re.compile(r'(?:METRIC_(?:COUNTER|GAUGE|HISTOGRAM)\(|'
                    r'\.metric =)\s*"([a-z0-9_]+)"')
# Values that a function gives: blob_outcome_name(), login_answers[] ...
WORD = re.compile(r'^[a-z]+$')


def sources():
    names = subprocess.run(["git", "ls-files", "*.c"], cwd=TOP,
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.split()
    return [x for x in names if not TEST.search(x) and x not in NOT_LOG]


def literals(text):
    """The code with each string, neighbours joined, as \\0N; the strings."""
    out, last, found = [], 0, []
    for m in CODE.finditer(text):
        gap = text[last:m.start()]
        last = m.end()
        if m.group(1) is None:
            out.append(gap + " ")
            continue
        if found and gap.strip() == "" and "".join(out)[-1:] == "\1":
            found[-1] += m.group(1)
            continue
        # <inttypes.h>: "a=%" PRIu64 " b"
        if found and re.match(r"^\s*PRI[a-z]\w*\s*$", gap):
            found[-1] += m.group(1)
            continue
        out.append(gap + "\0%d\1" % len(found))
        found.append(m.group(1))
    return "".join(out) + text[last:], found


def used():
    """Key -> where it is first used; result -> the same; all plain words."""
    keys, results = {}, {}
    with open(os.path.join(TOP, "common", "proc_kind.h")) as f:
        words = set(re.findall(r"\bX\([A-Z]+, (\w+)", f.read()))
    for name in sources():
        with open(os.path.join(TOP, name)) as f:
            code, strings = literals(f.read())
        words.update(s for s in strings if WORD.match(s))
        for call in CALL.finditer(code):
            end = code.find(";", call.end())
            for n in re.findall("\0([0-9]+)\1", code[call.end():end]):
                s = strings[int(n)]
                for key in KEY.findall(s):
                    keys.setdefault(key, name)
                for word in RESULT.findall(s):
                    results.setdefault(word, name)
    return keys, results, words


def items(text, title):
    """The words of the items of a subsection of LOGGING."""
    m = re.search(r"^\.Sh LOGGING\n(.*?)^\.Sh ", text, re.M | re.S)
    m = m and re.search(r"^\.Ss %s\n(.*?)(?:^\.Ss |\Z)" % title, m.group(1),
                        re.M | re.S)
    if not m:
        sys.exit("manual.py: no %s in the section LOGGING" % title)
    out = []
    for line in re.findall(r"^\.It (?:Ic|Cm) (.*)", m.group(1), re.M):
        out += [w for w in line.split() if w not in (",", "Ic", "Cm", "No")]
    return out


def counters():
    """What is wrong with the counters of the daemons' pages."""
    bad, seen = [], 0
    names = subprocess.run(["git", "ls-files", "*/counters.h"], cwd=TOP,
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.split()
    for name in names:
        with open(os.path.join(TOP, name)) as f:
            found = re.findall(r'\bX\("([a-z-]+)"', f.read())
        page = os.path.join("man", name.split("/")[0] + ".8")
        with open(os.path.join(TOP, page)) as f:
            words = set(w for line in re.findall(
                r"^\.(?:.* )?(?:Cm|Sy) .*", f.read(), re.M)
                        for w in line.split())
        seen += len(found)
        bad += ["%s: counter %s is not in %s" % (name, x, page)
                for x in found if x not in words]
    names = subprocess.run(["git", "ls-files", "*.c"], cwd=TOP,
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.split()
    for name in names:
        if TEST.search(name) or name.startswith("common/"):
            continue
        with open(os.path.join(TOP, name)) as f:
            found = FAMILY.findall(f.read())
        page = os.path.join("man", name.split("/")[0] + ".8")
        for x in found:
            with open(os.path.join(TOP, page)) as f:
                if not re.search(r"^\.(?:.* )?(?:Cm|Sy) (?:.* )?%s\b" % x,
                                 f.read(), re.M):
                    bad.append("%s: metric %s is not in %s" % (name, x, page))
        seen += len(found)
    return bad if seen > 20 else bad + ["no counters found"]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        TOP, "man", "pail.7")
    with open(path) as f:
        text = f.read()
    keys, results, words = used()
    named, values = items(text, "Keys"), items(text, "Results")
    bad = []
    if len(keys) < 40 or len(results) < 15:
        bad.append("the sources are not understood: %d keys, %d results" % (
            len(keys), len(results)))
    for what, have, found in (("key", named, keys),
                              ("result", values, results)):
        bad += ["%s: %s %s is not in pail(7), LOGGING" % (
            found[x], what, x) for x in sorted(found) if x not in have]
        bad += ["pail(7): %s %s is there twice" % (what, x)
                for x in sorted(set(have)) if have.count(x) > 1]
    bad += ["pail(7): no log line has the key %s" % x for x in named
            if x not in keys and x not in words]
    bad += ["pail(7): no source says the result %s" % x for x in values
            if x not in results and x not in words]
    bad += counters()
    for line in bad:
        print("manual: " + line)
    return 1 if bad else 0


sys.exit(main())
