"""Two nodes on one bucket, and a node that comes back."""

import os
import time

import imapc
import suite

SAY = 30                # seconds between two lines on how far a long run is


def two(kind):
    store = suite.store(kind)
    a = suite.Suite(store, name="node-a")
    path = os.path.join(a.dir, "store") if kind == "file" else None
    return a, suite.Suite(store, name="node-b", store_path=path)


def serves_again(s, deadline, user="ann"):
    """Wait until a new client is served, until deadline (monotonic)."""
    while True:
        try:
            c = s.client(user, timeout=5)
            if c.cmd("STATUS INBOX (MESSAGES)").status == "OK":
                c.close()
                return
            c.close()
        except (OSError, imapc.Closed, imapc.No):
            pass
        assert time.monotonic() < deadline, \
            "not served again in time\n" + s.log_tail()
        time.sleep(0.02)
