"""Debian's Dovecot, to be measured against: sdbox on local disk, a private
configuration on loopback."""

import os
import shutil
import subprocess

import imapc
import measure
import proc
from suite import PASSWORD

CONF = """
base_dir = %(dir)s/run
state_dir = %(dir)s/state
log_path = %(dir)s/log
protocols = imap%(lmtp)s
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = sdbox:~/sdbox
mail_home = %(dir)s/home/%%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 0
mail_max_userip_connections = 0
default_client_limit = 2000
default_process_limit = 2000
service imap-login {
  inet_listener imap {
    port = %(port)d
  }
  inet_listener imaps {
    port = 0
  }
  %(login)s
}
service imap {
  process_limit = 2000
  %(imap)s
}
%(lmtp_service)s
service anvil {
  client_limit = 5000
}
service auth {
  client_limit = 5000
}
passdb {
  driver = passwd-file
  args = scheme=SHA512-CRYPT %(dir)s/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=%(dir)s/home/%%u
}
namespace inbox {
  inbox = yes
  mailbox Archive {
    auto = create
  }
}
"""

# Delivered mail, where there is Dovecot's lmtpd: processes are used again, and
# there are as many as connections.
LMTP = """
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = %d
  }
  process_min_avail = 2
  process_limit = 100
}
protocol lmtp {
  postmaster_address = postmaster@bench.example
}
"""

BEST = {"login": "service_count = 0\n  process_min_avail = 2",
        "imap": "service_count = 1000\n  process_min_avail = 2"}


def write_users(path, users):
    """A password file for both servers: sha512-crypt, its usual cost."""
    hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD],
                            stdout=subprocess.PIPE, check=True)
    with open(path, "wb") as f:
        for u in users:
            f.write(u.encode() + b":" + hashed.stdout.strip() + b"\n")


class Dovecot:
    """best: processes are used again."""

    def __init__(self, users, best=False):
        self.dir = proc.tempdir("dovecot")
        self.imap_port = proc.free_port()
        words = dict({"login": "", "imap": "", "lmtp": "",
                      "lmtp_service": ""}, **(BEST if best else {}))
        self.lmtp_port = None
        if os.path.exists("/usr/lib/dovecot/lmtp"):
            self.lmtp_port = proc.free_port()
            words.update(lmtp=" lmtp", lmtp_service=LMTP % self.lmtp_port)
        with open(os.path.join(self.dir, "conf"), "w") as f:
            f.write(CONF % dict(words, dir=self.dir, port=self.imap_port))
        path = os.path.join(self.dir, "users")
        write_users(path, users)
        os.chmod(path, 0o644)
        home = os.path.join(self.dir, "home")
        os.mkdir(home)
        shutil.chown(home, "nobody", "nogroup")

    def __enter__(self):
        self.p = proc.spawn(["dovecot", "-F", "-c",
                             os.path.join(self.dir, "conf")],
                            stderr=subprocess.DEVNULL)
        proc.await_true("Dovecot serves",
                        lambda: proc.can_connect(self.imap_port))
        return self

    def __exit__(self, *exc):
        proc.end(self.p)

    def cold(self):
        """Started anew, without the files that it calls caches."""
        proc.end(self.p)
        for d, _, names in os.walk(os.path.join(self.dir, "home")):
            for name in names:
                if name == "dovecot.index.cache":
                    os.unlink(os.path.join(d, name))
        self.__enter__()

    def children(self):
        return measure.children(self.p.pid)

    def client(self, user="ann", password=PASSWORD):
        return imapc.Imap(self.imap_port, user, password)
