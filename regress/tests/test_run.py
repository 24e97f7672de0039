"""run.py itself: the result of a run with passing, failing and hanging tests."""

import os
import re
import signal
import subprocess
import sys

import proc
from mark import normal_only

RUN = os.path.join(proc.TOP, "regress/run.py")
MIXED = '''
import os
import subprocess
import sys
import threading

import mark
import proc


def test_a_good():
    pass


def test_b_wrong():
    assert 1 == 2, "one is not two"


def wait_for_ever():
    threading.Event().wait()


@mark.time_limit(2)
def test_c_hangs():
    p = proc.spawn(["sleep", "1000"])
    q = subprocess.Popen(["sh", "-c", "sleep 1000; exit 1"])
    print("started", p.pid, q.pid)
    print("folder", proc.tempdir("hung"))
    threading.Thread(target=wait_for_ever).start()
    try:
        threading.Event().wait()
    except BaseException:
        wait_for_ever()             # whatever is thrown at it


def test_d_ends_the_process():
    os._exit(7)


@mark.normal_only("it says so")
def test_e_not_with_asan():
    assert not os.environ.get("REGRESS_ASAN")


def test_f_with_asan():
    assert os.environ.get("REGRESS_ASAN") == "1"
'''


def folder(**files):
    d = proc.tempdir("tests")
    for name, text in files.items():
        with open(os.path.join(d, name + ".py"), "w") as f:
            f.write(text)
    return d


def run(d, *args, **more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("PAIL_") and k != "KEEP"}
    env.update(more)
    return subprocess.run([sys.executable, RUN, "--tests", d, *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=env, timeout=120)


def outcomes(text):
    return re.findall(r"^(ok|FAIL) +test_\w+\.(\w+) ", text, re.M)


@normal_only("runs none of the programs")
def test_a_test_that_hangs_fails_and_the_run_goes_on():
    d = folder(test_x=MIXED)
    r = run(d)
    text = r.stdout.decode()
    assert outcomes(text) == [
        ("ok", "test_a_good"), ("FAIL", "test_b_wrong"),
        ("FAIL", "test_c_hangs"), ("FAIL", "test_d_ends_the_process"),
        ("ok", "test_e_not_with_asan"), ("FAIL", "test_f_with_asan")], text
    assert text.splitlines()[-1] == "2 passed, 4 failed", text
    assert r.returncode == 1, r
    assert "one is not two" in text
    # The stacks of both threads, the helper and the test by name.
    assert "in wait_for_ever" in text and "in test_c_hangs" in text, text
    # What it had started is gone, so are its files.
    for pid in re.search(r"started (\d+) (\d+)", text).groups():
        proc.await_true("the processes of the hung test are gone",
                        lambda: not proc.lives(int(pid)))
    assert not os.path.exists(re.search(r"folder (\S+)", text).group(1))


@normal_only("runs none of the programs")
def test_all_but_those_marked_run_with_asan():
    d = folder(test_x=MIXED)
    text = run(d, "--asan", "test_x.test_a_good", "test_x.test_f_with_asan",
               "test_x.test_e_not_with_asan").stdout.decode()
    assert outcomes(text) == [("ok", "test_a_good"),
                              ("ok", "test_f_with_asan")], text
    text = run(d, "--list").stdout.decode()
    assert len(text.splitlines()) == 6, text
    assert "normal only: it says so" in text and " 2 s " in text, text


@normal_only("runs none of the programs")
def test_a_file_that_cannot_be_imported_fails_alone():
    d = folder(test_x="import no_such_module\n",
               test_y="def test_good():\n    pass\n")
    text = run(d).stdout.decode()
    assert outcomes(text) == [("FAIL", "import"), ("ok", "test_good")], text
    assert "no_such_module" in text, text
    assert b"no such test: test_z" in run(d, "test_z").stdout


FILES = '''
import proc


def test_makes():
    print("folder", proc.tempdir("made"))


def test_fails():
    assert False
'''
LEAVES = '''
import proc


def test_a_leaves():
    global p, shared
    p = proc.spawn(["sleep", "1000"])
    shared = proc.spawn(["sleep", "1000"])
    proc.share(shared)
    assert False


def test_b_finds():
    assert not proc.lives(p.pid)
    assert proc.lives(shared.pid)
    print("shared", shared.pid)
'''


@normal_only("runs none of the programs")
def test_files_stay_only_when_a_run_failed_with_keep():
    d = folder(test_x=FILES)
    for args, keep, stay in (((), "", False), (("test_x.test_makes",), "1",
                                               False), ((), "1", True)):
        text = run(d, *args, KEEP=keep).stdout.decode()
        made = re.search(r"folder (\S+)", text).group(1)
        assert os.path.exists(made) == stay, (args, keep, text)
    os.rmdir(made)


@normal_only("runs none of the programs")
def test_what_a_test_leaves_running_is_ended_before_the_next():
    text = run(folder(test_x=LEAVES)).stdout.decode()
    assert outcomes(text) == [("FAIL", "test_a_leaves"),
                              ("ok", "test_b_finds")], text
    proc.await_true("what is shared ends with the run", lambda: not proc.lives(
        int(re.search(r"shared (\d+)", text).group(1))))


MEETS = '''
import os
import sys

import proc

HERE = os.path.dirname(__file__)


def test_meets():
    print("from", __name__)
    with open(os.path.join(HERE, __name__ + ".ports"), "w") as f:
        f.write(" ".join(str(proc.free_port()) for _ in range(300)))
    open(os.path.join(HERE, __name__), "w").close()
    proc.await_true("the other runs at the same time", lambda: len(
        [x for x in os.listdir(HERE) if x in ("test_m", "test_n")]) == 2)
    print("met", __name__)
    proc.spawn(["echo", "said by", __name__]).wait()
'''


@normal_only("runs none of the programs")
def test_files_in_two_lanes_run_side_by_side_and_their_lines_stay_together():
    d = folder(test_m=MEETS, test_n=MEETS, test_x=MIXED)
    r = run(d, "--lanes", "2")
    text = r.stdout.decode()
    for name in "test_m", "test_n":
        assert re.search("from %s\nmet %s\nsaid by %s\nok   %s.test_meets " %
                         ((name,) * 4), text), text
    assert sorted(outcomes(text))[:3] == [
        ("FAIL", "test_b_wrong"), ("FAIL", "test_c_hangs"),
        ("FAIL", "test_d_ends_the_process")], text
    assert text.splitlines()[-1] == "4 passed, 4 failed", text
    assert r.returncode == 1, r
    for pid in re.search(r"started (\d+) (\d+)", text).groups():
        proc.await_true("the processes of the hung test are gone",
                        lambda: not proc.lives(int(pid)))
    ports = []
    for name in "test_m", "test_n":
        with open(os.path.join(d, name + ".ports")) as f:
            ports.append(set(f.read().split()))
    assert not ports[0] & ports[1]


ALONE = '''
import os

import mark
import proc

DONE = os.path.join(os.path.dirname(__file__), "done")


@mark.alone("finds all others done")
def test_a_finds():
    assert os.path.exists(DONE)
    print("in lane %d of %d" % (proc.lane, proc.lanes))


def test_b_done():
    open(DONE, "w").close()
'''


@normal_only("runs none of the programs")
def test_what_is_marked_alone_runs_after_the_lanes():
    text = run(folder(test_x=ALONE), "--lanes", "2").stdout.decode()
    assert outcomes(text) == [("ok", "test_b_done"),
                              ("ok", "test_a_finds")], text
    assert "in lane 0 of 1" in text, text
    assert text.splitlines()[-1] == "2 passed, 0 failed", text
    text = run(folder(test_x=ALONE), "--asan").stdout.decode()
    assert outcomes(text) == [("ok", "test_b_done")], text


WAITS = '''
import os
import threading

import proc


def test_waits():
    part = os.path.join(os.path.dirname(__file__), "part")
    with open(part, "w") as f:
        f.write("%d %s" % (proc.spawn(["sleep", "1000"]).pid,
                           proc.tempdir("stopped")))
    os.rename(part, part[:-4] + "started")
    threading.Event().wait()
'''


@normal_only("runs none of the programs")
def test_a_run_that_is_stopped_leaves_nothing():
    for args in (), ("--lanes", "2"):
        d = folder(test_x=WAITS)
        p = proc.spawn([sys.executable, RUN, "--tests", d, *args],
                       stdout=subprocess.DEVNULL)
        started = os.path.join(d, "started")
        proc.await_true("the test runs", lambda: os.path.exists(started))
        with open(started) as f:
            pid, made = f.read().split()
        assert proc.end(p, signal.SIGTERM, 60) == 1
        proc.await_true("what it had started is gone",
                        lambda: not proc.lives(int(pid)))
        assert not os.path.exists(made)
