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

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_live = []
failed = False          # some test did: KEEP keeps what it left


def free_port():
    """A TCP port that was free a moment ago; not given out twice."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port not in free_port.given:
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


def spawn(argv, **kw):
    """Popen in a process group of its own that dies with the run."""
    p = subprocess.Popen(argv, start_new_session=True, **kw)
    _live.append(p)
    return p


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
    atexit.register(_remove, d)
    return d


def _remove(d):
    if not (failed and os.environ.get("KEEP")):
        shutil.rmtree(d, True)


@atexit.register
def _end_all():
    for p in list(_live):
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
