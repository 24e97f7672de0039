"""HAProxy before several nodes, as an administrator has it: TCP with the PROXY
protocol, and each node's /readyz says whether it gets clients."""

import os
import subprocess

import proc

PROXY = "127.0.0.2"         # where it connects from
CONF = """
global
    log stderr local0 emerg
defaults
    mode tcp
    option redispatch
    retries 3
    timeout connect 30s
    timeout client 300s
    timeout server 300s
listen imap
    bind 127.0.0.1:%d
    source %s
    balance leastconn
    option httpchk GET /readyz
"""
NODE = ("    server n%d 127.0.0.1:%d send-proxy-v2 check check-send-proxy "
        "port %d inter 100ms fall 1 rise 1\n")


class Balancer:
    """nodes: suites with_http(), which trust PROXY."""

    def __init__(self, nodes):
        self.port = proc.free_port()
        conf = os.path.join(proc.tempdir("balancer"), "haproxy.cfg")
        with open(conf, "w") as f:
            f.write(CONF % (self.port, PROXY) + "".join(
                NODE % (k, s.imap_port, s.http_port)
                for k, s in enumerate(nodes)))
        self.p = proc.spawn(["haproxy", "-db", "-f", conf],
                            stderr=subprocess.DEVNULL)
        proc.await_true("HAProxy", lambda: proc.can_connect(self.port))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.wait()
