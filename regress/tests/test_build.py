"""The programs are hardened as far as the compiler supports it, and an older
compiler, or one with more warnings, can still build them."""

import glob
import os
import re
import subprocess

import proc
import suite
from mark import normal_only

BUILD = os.path.join(proc.TOP, suite.BUILD)
PROGRAMS = ("admind", "authd", "credd", "imapd", "lmtpd", "pail-deliver",
            "paild", "pailctl", "storaged")
ASAN = bool(os.environ.get("REGRESS_ASAN"))


def readelf(flag, path):
    r = subprocess.run(["readelf", "-W", flag, path], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return r.stdout.decode(errors="replace")


def programs():
    for name in PROGRAMS:
        path = os.path.join(BUILD, "bin", name)
        assert os.path.exists(path), path
        yield path


def test_programs_have_pie_full_relro_nx_and_stack_protector():
    for path in programs():
        head, segments = readelf("-h", path), readelf("-l", path)
        dynamic, symbols = readelf("-d", path), readelf("--dyn-syms", path)
        assert re.search(r"Type:\s+DYN", head), path
        assert re.search(r"FLAGS_1\).*\bNOW\b.*\bPIE\b", dynamic), path
        assert "GNU_RELRO" in segments, path
        assert re.search(r"GNU_STACK .* RW +0x", segments), path
        loads = re.findall(r"^ +LOAD .* ([R ][W ][E ]) +0x\w+$", segments,
                           re.M)
        # separate-code: what can be executed is neither written nor read
        # together with tables.
        assert len(loads) >= 4 and not any(
            "W" in x and "E" in x for x in loads), (path, loads)
        assert "TEXTREL" not in dynamic and "RPATH" not in dynamic and \
            "RUNPATH" not in dynamic, path
        assert "__stack_chk_fail" in symbols, path
        if not ASAN:
            assert re.search(r"__\w+_chk@", symbols), "no FORTIFY: " + path


@normal_only("looks at the normal build's own options")
def test_objects_were_made_with_what_debians_gcc_knows():
    """CET's mark in each object, and gcc's own word for the others."""
    if os.uname().machine != "x86_64":
        return
    objects = [o for o in sorted(glob.glob(os.path.join(BUILD, "*", "*.o")))
               if os.path.exists(os.path.join(
                   proc.TOP, os.path.relpath(o, BUILD)[:-1] + "c"))]
    assert len(objects) > 200
    for o in objects[::20]:
        notes = readelf("-n", o)
        assert "IBT" in notes and "SHSTK" in notes, o
    with open(os.path.join(BUILD, "rules.mk")) as f:
        flags = re.search(r"^CFLAGS_ALL = (.*)$", f.read(), re.M).group(1)
    assert "-D_FORTIFY_SOURCE=3" in flags.split(), flags
    said = subprocess.run(
        ["readelf", "--debug-dump=info", "--dwarf-depth=1", objects[0]],
        check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout.decode()
    assert "GNU C11" in said, said[:400]
    for flag in ("-ftrivial-auto-var-init=zero", "-fstack-clash-protection",
                 "-fzero-call-used-regs=used-gpr", "-fcf-protection=full",
                 "-fstack-protector-strong"):
        assert flag in said, flag


def rules(d, **env):
    """The flags that mk/rules.sh finds for a compiler."""
    b = os.path.join(d, "b")
    os.makedirs(b, exist_ok=True)
    e = {k: v for k, v in os.environ.items()
         if k not in ("CC", "CFLAGS", "LDFLAGS", "WERROR", "MAKEFLAGS")}
    e.update(env)
    r = subprocess.run(["sh", "mk/rules.sh", b, "normal"], cwd=proc.TOP,
                       env=e, check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    assert r.stderr == b"", r.stderr
    with open(os.path.join(b, "rules.mk"), "wb") as f:
        f.write(r.stdout)
    return re.search(rb"^CFLAGS_ALL = (.*)$", r.stdout,
                     re.M).group(1).decode().split()


def compiler(d, text):
    path = os.path.join(d, "cc")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)
    return path


def build_one(d):
    b = os.path.join(d, "b")
    return subprocess.run(
        ["make", "-s", "-f", os.path.join(b, "rules.mk"),
         os.path.join(b, "common", "clock.o")], cwd=proc.TOP,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@normal_only("runs none of the programs")
def test_a_compiler_that_warns_of_more_builds_but_not_in_regress():
    d = proc.tempdir("cc")
    # In every source but the probe's: as a new warning in -Wall would.
    cc = compiler(d, "case \"$*\" in *clock.c*)\n"
                  "\texec cc -include %s/warn.h \"$@\" ;;\n"
                  "esac\nexec cc \"$@\"" % d)
    with open(os.path.join(d, "warn.h"), "w") as f:
        f.write("#warning this compiler is newer than yours\n")
    assert "-Werror" not in rules(d, CC=cc)
    r = build_one(d)
    assert r.returncode == 0 and b"newer than yours" in r.stderr, r
    assert "-Werror" in rules(d, CC=cc, WERROR="-Werror")
    r = build_one(d)
    assert r.returncode != 0 and b"newer than yours" in r.stderr, r


@normal_only("runs none of the programs")
def test_a_compiler_that_knows_less_builds_without():
    d = proc.tempdir("cc")
    cc = compiler(
        d, "for a; do case $a in\n"
        "--version) echo 'cc (old) 7.1'; exit 0 ;;\n"
        "-ftrivial*|-fzero-call*|-fcf-*|-fstack-clash*|*-z,separate-code)\n"
        "\techo \"error: unrecognized: $a\" >&2; exit 1 ;;\n"
        "-D_FORTIFY_SOURCE=3)\n"
        "\techo 'error: treated like 2' >&2; exit 1 ;;\n"
        "esac; done\nexec cc \"$@\"")
    flags = rules(d, CC=cc)
    assert "-D_FORTIFY_SOURCE=2" in flags, flags
    assert "-fstack-protector-strong" in flags, flags
    assert not [x for x in flags if x.startswith(
        ("-ftrivial", "-fzero-call", "-fcf-", "-fstack-clash"))], flags
    r = build_one(d)
    assert r.returncode == 0, r
    # The same name, but a new version: it is asked again.
    compiler(d, "case $1 in --version) echo 'cc (new) 12.2' ;;\n"
             "*) exec cc \"$@\" ;; esac")
    assert "-D_FORTIFY_SOURCE=3" in rules(d, CC=cc)


@normal_only("runs none of the programs")
def test_what_a_compiler_knows_is_asked_once():
    d = proc.tempdir("cc")
    log = os.path.join(d, "log")
    cc = compiler(d, "case $1 in --version) ;; *) echo >> %s ;; esac\n"
                  "exec cc \"$@\"" % log)
    first = rules(d, CC=cc)
    asked = os.path.getsize(log)
    assert asked > 5
    assert rules(d, CC=cc) == first and os.path.getsize(log) == asked
