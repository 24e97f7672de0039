#!/usr/bin/env python3
"""Runs the regress tests: every function test_* of every test_*.py here
(or of those named), in order. The last line is the count.

usage: run.py [--asan] [--counts FILE] [test_file[.test_name]] ...

KEEP=1 leaves the files of a run that failed (below TMPDIR).

A test function's name tells what is true when it passes. One that is
marked @asan also runs on the ASan+UBSan build."""

import glob
import importlib
import os
import signal
import sys
import time
import traceback

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)

import proc                                             # noqa: E402


def asan(f):
    f.asan = True
    return f


def tests(module, only_asan):
    for name, f in list(vars(module).items()):
        if not name.startswith("test_") or not callable(f):
            continue
        if not only_asan or getattr(f, "asan", False):
            yield name, f


def stop(*_):
    """SIGTERM: as Ctrl-C, so that what was started ends too."""
    raise KeyboardInterrupt


def main(argv):
    signal.signal(signal.SIGTERM, stop)
    only_asan = "--asan" in argv
    counts = None
    if "--counts" in argv:
        i = argv.index("--counts")
        counts = argv[i + 1]
        del argv[i:i + 2]
    wanted = [a for a in argv if not a.startswith("--")]
    if only_asan:
        os.environ["PAIL_BUILD"] = "build/asan"
        os.environ["PAIL_ASAN"] = "1"
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(here, "test_*.py"))):
        modname = os.path.basename(path)[:-3]
        if wanted and not any(w.split(".")[0] == modname for w in wanted):
            continue
        module = importlib.import_module(modname)
        for name, f in tests(module, only_asan):
            full = "%s.%s" % (modname, name)
            if wanted and not any(w in (modname, full) for w in wanted):
                continue
            start = time.monotonic()
            try:
                f()
                ok = True
            except BaseException as e:
                if isinstance(e, KeyboardInterrupt):
                    raise
                ok = False
                proc.failed = True
                traceback.print_exc()
            print("%s %s (%.1f s)" % ("ok  " if ok else "FAIL", full,
                                      time.monotonic() - start), flush=True)
            passed += ok
            failed += not ok
    if counts:
        with open(counts, "a") as f:
            f.write("%d %d\n" % (passed, failed))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
