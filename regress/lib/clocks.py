"""A host whose clock is wrong: all of Pail's processes on it, and none of the
servers."""

import os
import shutil
import stat
import struct
import subprocess

import proc

SOURCE = os.path.join(proc.TOP, "regress/preload/wrong_clock.c")
CHILDREN = ("admind", "authd", "credd", "imapd", "lmtpd", "storaged")


class Host:
    """h.of(s): this suite runs there; h.ahead(n): its clock is n seconds
    ahead from now on (or behind)."""

    def __init__(self):
        self.dir = proc.tempdir("clock")
        self.lib = os.path.join(self.dir, "wrong_clock.so")
        self.file = os.path.join(self.dir, "ahead")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-O", "-shared", "-fPIC", "-o", self.lib,
                        SOURCE, "-ldl"], check=True)
        self.ahead(0)

    def ahead(self, seconds):
        with open(self.file, "r+b" if os.path.exists(self.file) else
                  "wb") as f:
            f.write(struct.pack("=q", seconds))

    def of(self, s):
        """The environment is paild's own: the children are programs that
        set it once more."""
        real = os.path.join(s.build, "bin")
        env = ("LD_PRELOAD=" + self.lib, "WRONG_CLOCK=" + self.file)
        s.build = self.dir
        s.prefix = ("env", *env)
        os.mkdir(os.path.join(self.dir, "bin"))
        for name in ("paild", "pailctl"):
            shutil.copy(os.path.join(real, name), s.bin(name))
        for name in CHILDREN:
            with open(s.bin(name), "w") as f:
                f.write("#!/bin/sh\n%s exec %s\n" % (
                    " ".join(env), os.path.join(real, name)))
            os.chmod(s.bin(name), stat.S_IRWXU | stat.S_IRGRP |
                     stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        return s
