#!/usr/bin/env python3
"""Runs the regress tests: every function test_* in every tests/test_*.py (or
in those named), in order. The last line is the count.

usage: run.py [--asan] [--list] [--no-limit] [--second] [--lanes N]
              [--counts FILE] [--tests DIR] [test_file[.test_name]] ...

--asan		uses the ASan+UBSan build; skips tests marked @normal_only
--list		lists each test with its time limit and builds, and runs none
--no-limit	no time limits, for use with a debugger
--second	runs those marked @second_server (with S3_SERVER=versitygw)
--lanes N	runs N files at a time, then, one by one, the tests marked
		@alone; the lines of a test stay together
--counts FILE	appends "PASSED FAILED" to FILE
--tests DIR	uses the test files in another directory

KEEP=1 in the environment keeps the files of a run that failed (below TMPDIR).

The name of a test function says what is true if it passes. All tests run in
one process, the worker. A test that exceeds its time limit (lib/mark.py)
fails: the stacks of the worker's threads are printed, the worker and all
processes that it started are killed, and another worker continues with the
next test. README explains how to write a test."""

import argparse
import contextlib
import faulthandler
import fcntl
import glob
import importlib
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "lib"))

import mark                                             # noqa: E402
import measure                                          # noqa: E402
import proc                                             # noqa: E402

END = 60                # seconds for a worker to end, or to tell its stacks


class Test:
    def __init__(self, module, name, f):
        self.full = "%s.%s" % (module, name)
        self.f = f
        self.limit = getattr(f, "time_limit", mark.LIMIT)
        self.why = getattr(f, "normal_only", None)
        self.second = getattr(f, "second_server", False)
        self.alone = getattr(f, "alone", False)


def broken(error):
    """In the place of a file that cannot be imported."""
    def test():
        raise error
    return test


def tests(folder, wanted, asan):
    """Those that are wanted, or all."""
    out, named = [], set(wanted)
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        module = os.path.basename(path)[:-3]
        if wanted and not any(w.split(".")[0] == module for w in wanted):
            continue
        try:
            found = vars(importlib.import_module(module)).items()
        except Exception as e:
            found = [("import", broken(e))]
        for name, f in found:
            if name == "import" or name.startswith("test_") and \
                    getattr(f, "__module__", None) == module:
                out.append(Test(module, name, f))
        named -= {module} | {t.full for t in out}
    for name in named:
        print("no such test: " + name, file=sys.stderr)
    return [t for t in out if not (asan and t.why) and (
        not wanted or t.full in wanted or t.full.split(".")[0] in wanted
        or t.full.endswith(".import"))]


class Stopped(KeyboardInterrupt):
    """SIGTERM or Ctrl-C: what was started ends too."""


def stop(*_):
    for sig in signal.SIGTERM, signal.SIGINT:
        signal.signal(sig, signal.SIG_IGN)      # once is enough
    raise Stopped()


def catch_stop():
    for sig in signal.SIGTERM, signal.SIGINT:
        signal.signal(sig, stop)


@contextlib.contextmanager
def stop_waits():
    """What is read and kept here is not lost to a signal."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK,
                                 (signal.SIGTERM, signal.SIGINT))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


# The worker

def run_one(test):
    start = time.monotonic()
    try:
        test.f()
        ok = True
    except Stopped:
        raise
    except BaseException:
        ok = False
        proc.failed = True
        traceback.print_exc()
    proc.end_left()
    print("%s %s (%.1f s)" % ("ok  " if ok else "FAIL", test.full,
                              time.monotonic() - start), flush=True)
    return ok


def work(todo, asked, answers):
    """Run the tests whose numbers are asked for, a line each; answers has
    their outcomes, and the folders that they make. Ends when nobody asks
    any more."""
    faulthandler.enable()       # SIGABRT: the stacks
    sys.stdout.reconfigure(line_buffering=True)
    proc.made_dir = lambda d: answers.write(b"dir %s\n" % os.fsencode(d))
    for line in asked:
        ok = run_one(todo[int(line)])
        answers.write(b"done %d\n" % ok)


# The parent

class Hung(Exception):
    pass


class Worker:
    """The worker process, seen by its parent."""

    def __init__(self, todo):
        for f in sys.stdout, sys.stderr:
            f.flush()
        ask_r, ask_w = os.pipe()
        answer_r, answer_w = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(ask_w)
            os.close(answer_r)
            catch_stop()
            work(todo, os.fdopen(ask_r, "rb", 0),
                 os.fdopen(answer_w, "wb", 0))
            sys.exit(0)         # atexit: what tests started ends
        os.close(ask_r)
        os.close(answer_w)
        self.asking = os.fdopen(ask_w, "wb", 0)
        self.answers, self.rest = answer_r, b""
        self.dirs = []

    def line(self, end):
        """The next answer but for folders; None when the worker is gone."""
        while True:
            while b"\n" not in self.rest:
                left = None if end is None else max(
                    0, end - time.monotonic())
                if not select.select([self.answers], [], [], left)[0]:
                    raise Hung()
                with stop_waits():
                    data = os.read(self.answers, 65536)
                    self.rest += data
                if not data:
                    return None
            with stop_waits():
                line, _, self.rest = self.rest.partition(b"\n")
                if line.startswith(b"dir "):
                    self.dirs.append(os.fsdecode(line[4:]))
                    continue
            return line

    def ask(self, n, limit):
        """Has it passed? None when the worker is gone."""
        end = None if limit is None else time.monotonic() + limit
        try:
            self.asking.write(b"%d\n" % n)
        except BrokenPipeError:
            return None
        line = self.line(end)
        return line and line == b"done 1"

    def wait(self, seconds):
        """Its end; False: it still runs."""
        end = time.monotonic() + seconds
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self):
        self.asking.close()
        os.close(self.answers)

    def kill(self):
        """The stacks of its threads, then the end of it and of all that it
        started."""
        started = descendants(self.pid)
        hard = resource.prlimit(self.pid, resource.RLIMIT_CORE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_CORE, (0, hard))
        os.kill(self.pid, signal.SIGABRT)
        if not self.wait(END):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.bury(started)

    def bury(self, started=()):
        """What a worker that is gone has left: processes, files."""
        for pid in started:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while self.line(time.monotonic() + END) is not None:
                pass
        except Hung:
            pass                # something that it forked lives
        for d in self.dirs:
            proc.remove(d)
        self.close()

    def end(self, sig=None):
        """It ends what it started, then itself."""
        if sig:
            os.kill(self.pid, sig)
        self.asking.close()
        if self.wait(END):
            self.bury()
        else:
            self.kill()


def descendants(pid):
    out = []
    for child, _ in measure.children(pid):
        out += [child] + descendants(child)
    return out


def one(worker, n, test, limit):
    """Has it passed, and does the worker live?"""
    try:
        ok = worker.ask(n, limit)
    except Hung:
        print("   %s is not done in %d s; the threads:" % (test.full, limit),
              flush=True)
        proc.failed = True
        worker.kill()
        print("FAIL %s (%.1f s, hung)" % (test.full, limit), flush=True)
        return False, False
    if ok is None:
        status = os.waitpid(worker.pid, 0)[1]
        proc.failed = True
        worker.bury()
        print("FAIL %s (it ended the worker: %d)" % (
            test.full, os.waitstatus_to_exitcode(status)), flush=True)
        return False, False
    return ok, True


def run(todo, no_limit, order=None, told=lambda: None):
    """How many pass of those whose numbers order gives, or of all. told():
    called after each test."""
    passed, worker = 0, None
    try:
        for n in range(len(todo)) if order is None else order:
            test = todo[n]
            worker = worker or Worker(todo)
            ok, lives = one(worker, n, test, None if no_limit else test.limit)
            told()
            passed += ok
            if not ok:
                proc.failed = True      # and of the workers to come
            if not lives:
                worker = None
    except Stopped:
        if worker is None:
            raise               # in the worker itself: where it was
        worker.end(signal.SIGTERM)
        sys.exit(1)
    if worker:
        worker.end()
    return passed


# Several files at a time: each lane is a process with a worker of its own.

def by_file(todo):
    """[[number, ...], ...]: the tests of each file."""
    files = {}
    for n, test in enumerate(todo):
        files.setdefault(test.full.split(".")[0], []).append(n)
    return list(files.values())


def taken(files, queue):
    """The tests of the files whose turn it is: two octets of a pipe each."""
    while number := os.read(queue, 2):
        yield from files[int.from_bytes(number, "big")]


class Said:
    """What a lane and all that it starts write, shown test by test."""

    def __init__(self, lock):
        self.lock, self.shown = lock, os.dup(1)
        self.file = tempfile.TemporaryFile(buffering=0)
        fcntl.fcntl(self.file, fcntl.F_SETFL, os.O_APPEND)
        for fd in 1, 2:
            os.dup2(self.file.fileno(), fd)

    def show(self):
        self.file.seek(0)
        text = memoryview(self.file.read())
        self.file.truncate(0)
        fcntl.lockf(self.lock, fcntl.LOCK_EX)
        while text:
            text = text[os.write(self.shown, text):]
        fcntl.lockf(self.lock, fcntl.LOCK_UN)


def lane(todo, no_limit, queue, lock, answer):
    said = Said(lock)
    try:
        passed = run(todo, no_limit, taken(by_file(todo), queue), said.show)
        os.write(answer, b"%d\n" % passed)
    finally:
        said.show()


def run_lanes(todo, no_limit, lanes):
    """How many pass, of all; those of a lane that ends early do not."""
    for f in sys.stdout, sys.stderr:
        f.flush()
    queue, fill = os.pipe()
    os.write(fill, b"".join(n.to_bytes(2, "big")
                            for n in range(len(by_file(todo)))))
    os.close(fill)
    answers, answer = os.pipe()
    lock, pids = tempfile.TemporaryFile(), []
    try:
        for n in range(lanes):
            pids.append(os.fork())
            if pids[-1] == 0:
                pids.clear()            # they are not its own
                proc.lane, proc.lanes = n, lanes
                os.close(answers)
                lane(todo, no_limit, queue, lock, answer)
                sys.exit(0)
        os.close(answer)
        with open(answers) as f:
            return sum(int(line) for line in f)
    except Stopped:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        sys.exit(1)
    finally:
        for pid in pids:
            os.waitpid(pid, 0)


def arguments(argv):
    p = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    for name in "--asan", "--list", "--no-limit", "--second":
        p.add_argument(name, action="store_true")
    p.add_argument("--lanes", type=int, default=1)
    p.add_argument("--counts")
    p.add_argument("--tests", default=os.path.join(here, "tests"))
    p.add_argument("wanted", nargs="*")
    return p.parse_args(argv)


def main(argv):
    args = arguments(argv)
    catch_stop()
    if args.asan:
        os.environ["REGRESS_BUILD"] = "build/asan"
        os.environ["REGRESS_ASAN"] = "1"
    sys.path.insert(0, args.tests)
    todo = tests(args.tests, args.wanted, args.asan)
    if args.second:
        todo = [t for t in todo if t.second]
    if args.list:
        for t in todo:
            print("%-75s %5d s  %s" % (
                t.full, t.limit, "normal only: " + t.why if t.why else
                "both builds"))
        return 0
    if args.lanes == 1:
        passed = run(todo, args.no_limit)
    else:
        passed = run_lanes([t for t in todo if not t.alone], args.no_limit,
                           args.lanes)
        passed += run([t for t in todo if t.alone], args.no_limit)
    failed = len(todo) - passed
    if args.counts:
        with open(args.counts, "a") as f:
            f.write("%d %d\n" % (passed, failed))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
