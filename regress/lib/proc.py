"""Running programs for the tests: free ports, waiting for a condition,
and processes that never outlive the run."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
_live = []
_shared = []            # of these, what later tests use, too
failed = False          # some test did: KEEP keeps what it left
lane, lanes = 0, 1      # which of run.py's this is
made_dir = None         # is told of each folder: run.py, which removes it


def free_port():
    """A TCP port that was free a moment ago; not given out twice. Lanes
    (run.py) share no ports. By halves: Linux takes odd ones for a bind."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in free_port.given and port // 2 % lanes == lane:
            free_port.given.add(port)
            return port


free_port.given = set()


def await_true(what, cond, seconds=30, step=0.01):
    """Poll cond() until it is true; its value. Fails loudly after seconds."""
    end = time.monotonic() + seconds
    while True:
        value = cond()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %ss in vain: %s" % (seconds, what))
        time.sleep(step)


def can_connect(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def lives(pid):
    """A process that runs: not one that waits for its parent only."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def spawn(argv, **kw):
    """Popen in a process group of its own that dies with the test."""
    return adopt(subprocess.Popen(argv, start_new_session=True, **kw))


def adopt(p):
    """A process (the first of its group) that is to end with the test."""
    _live.append(p)
    return p


def share(p):
    """A process that ends with the run instead."""
    _shared.append(p)


def end(p, sig=signal.SIGTERM, seconds=20):
    """End a spawned process; its exit status. The group is killed after."""
    if p.poll() is None:
        p.send_signal(sig)
        try:
            p.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    status = p.wait()
    if p in _live:
        _live.remove(p)
    return status


def tempdir(prefix):
    d = tempfile.mkdtemp(prefix="pail-" + prefix + "-")
    os.chmod(d, 0o755)
    if made_dir:
        made_dir(d)
    else:
        atexit.register(remove, d)
    return d


def remove(d):
    if not (failed and os.environ.get("KEEP")):
        shutil.rmtree(d, True)


def end_left():
    """After a test: what it has left running, because it failed or forgot."""
    for p in [p for p in _live if p not in _shared]:
        end(p, signal.SIGKILL)


@atexit.register
def _end_all():
    for p in list(_live):
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
