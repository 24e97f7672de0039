"""A long line to an S3 server (long_line.c): what goes through arrives later,
and nothing else happens to it. s3proxy.Proxy does all else, but takes a good
part of the machine when a probe sends hundreds of requests at once.

    line = long_line.LongLine(minio)    # line.endpoint is for Pail
    line.faults(way=0.25)               # seconds, each way
    line.away()                         # connections are refused
    line.back()
    line.targets                        # requested so far: (method, target)"""

import os
import queue
import subprocess
import threading

import proc
import suite


class LongLine:
    """Has what suite.Suite wants of a server, as s3proxy.Proxy does."""

    def __init__(self, server):
        self.server = server
        self.port = proc.free_port()
        self.targets = []
        self.done = queue.Queue()
        self.p = proc.spawn(
            [os.path.join(proc.TOP, suite.BUILD, "regress/lib/long_line"),
             str(self.port), str(server.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self.back()

    def __getattr__(self, name):
        return getattr(self.server, name)

    @property
    def endpoint(self):
        return "http://127.0.0.1:%d" % self.port

    def _read(self):
        for line in self.p.stdout:
            if line == "done\n":
                self.done.put(None)
            else:
                method, target = line.split()
                self.targets.append((method, target))

    def _tell(self, command):
        self.p.stdin.write(command + "\n")
        self.p.stdin.flush()
        self.done.get(timeout=30)

    def faults(self, way=0.0):
        self._tell("way %d" % round(way * 1000))

    def away(self):
        self._tell("away")

    def back(self):
        self._tell("back")

    def close(self):
        proc.end(self.p)
