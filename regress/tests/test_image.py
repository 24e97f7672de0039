"""The container image: its files, run as an ordinary user on a read-only root
with one tmpfs, configured by variables alone; by rootless podman where the
machine lets it (lib/container.py)."""

import imaplib
import json
import os
import re
import shlex
import ssl
import time

import container
import jail
import proc
import suite
from mark import LIMIT, normal_only, time_limit


@normal_only("strips the programs")
def test_the_image_is_small_and_has_no_shell():
    root = container.files(os.path.join(proc.TOP, suite.BUILD), os.path.join(
        proc.tempdir("image"), "root"))
    size = sum(os.lstat(os.path.join(d, f)).st_size
               for d, _, files in os.walk(root) for f in files)
    assert size < 40e6, size
    assert not os.path.exists(os.path.join(root, "bin")), "it has a shell"


@normal_only("is a build of its own")
@time_limit(LIMIT, soak=7200)
def test_the_whole_containerfile_is_built_and_serves():
    """Only with SOAK=1: it compiles all of Pail in a Debian of its own."""
    if not os.environ.get("SOAK"):
        return
    s = container.Node(suite.store("minio"))
    print("   " + s.engine.how)
    if isinstance(s.engine, container.Podman):
        s.engine.build_whole()
        image, = json.loads(s.engine.do(*s.engine.podman(
            "image", "inspect", "pail")))
        assert image["Size"] < 40e6, image["Size"]
        print("   %d MB" % (image["Size"] / 1e6))
    serves(s)


@normal_only("strips the programs")
def test_the_image_serves_from_variables_alone():
    serves(container.published(suite.store("minio")))


@normal_only("reads the manual")
def test_the_manual_names_the_command_that_is_tested():
    with open(os.path.join(proc.TOP, "man/pail-container.7")) as f:
        text = f.read().replace("\\e\n", "")
    said = re.search(r"^podman run (.* -p 143:143) ", text, re.M).group(1)
    assert shlex.split(said) == container.documented(), said


def serves(s):
    began = time.monotonic()
    with s:
        took = time.monotonic() - began
        print("   %s: serves after %.1f s" % (s.engine.how, took))
        assert took < 20, took      # the 2 s, on a busy machine
        c = imaplib.IMAP4("127.0.0.1", s.imap_port)
        if isinstance(s, container.Published):
            c.starttls(ssl._create_unverified_context())
        c.login("ann", suite.PASSWORD)
        assert c.select()[0] == "OK"
        c.logout()
        seen = s.engine.processes(s)
        assert {"imapd", "storaged", "authd", "credd"} <= {
            name for _, name in seen}, seen
        for pid, name in seen:
            st = jail.status(pid)
            assert st["Uid"].split() == [str(s.engine.uid)] * 4, (name, st)
            assert int(st["CapEff"], 16) == 0, (name, st)
            assert st["NoNewPrivs"] == "1" or name == "paild", (name, st)
        assert b"serving" in s.ctl("status").stdout
