"""The container image: its files, run as an ordinary user on a read-only root
with one tmpfs, configured by variables alone; by rootless podman where the
machine lets it (lib/container.py)."""

import os
import time

import container
import jail
import proc
import suite
from mark import normal_only


@normal_only("strips the programs")
def test_the_image_is_small_and_has_no_shell():
    root = container.files(os.path.join(proc.TOP, suite.BUILD), os.path.join(
        proc.tempdir("image"), "root"))
    size = sum(os.lstat(os.path.join(d, f)).st_size
               for d, _, files in os.walk(root) for f in files)
    assert size < 40e6, size
    assert not os.path.exists(os.path.join(root, "bin")), "it has a shell"


@normal_only("strips the programs")
def test_the_image_serves_from_variables_alone():
    s = container.Node(suite.store("minio"))
    began = time.monotonic()
    with s:
        took = time.monotonic() - began
        print("   %s: serves after %.1f s" % (s.engine.how, took))
        assert took < 20, took      # the 2 s, on a busy machine
        c = s.client()
        c.ok("SELECT INBOX")
        c.logout()
        seen = s.engine.processes(s)
        assert {"imapd", "storaged", "authd", "credd", "admind"} <= {
            name for _, name in seen}, seen
        for pid, name in seen:
            st = jail.status(pid)
            assert st["Uid"].split() == [str(s.engine.uid)] * 4, (name, st)
            assert int(st["CapEff"], 16) == 0, (name, st)
            assert st["NoNewPrivs"] == "1" or name == "paild", (name, st)
        assert b"serving" in s.ctl("status").stdout
