"""The client's side of SCRAM-SHA-256 and -PLUS, by Python's hashlib."""

import base64
import hashlib
import hmac
import secrets


class Scram:
    """A client's side, for imaplib.authenticate()."""

    def __init__(self, user, password, header="n,,", cut=None, binding=b""):
        self.first = "n=%s,r=%s" % (user, secrets.token_urlsafe(18))
        self.password = password
        self.header = header
        self.binding = binding      # the channel's
        self.cut = cut              # what to spoil
        self.salt = None
        self.proved = False

    def __call__(self, said):
        said = said.decode()
        if not said:
            return (self.header + self.first).encode()
        if said.startswith("v="):
            assert base64.b64decode(said[2:]) == self.signature, said
            self.proved = True
            return b""
        f = dict(x.split("=", 1) for x in said.split(","))
        assert f["r"].startswith(self.first.split("r=")[1]), said
        assert len(f["r"]) > len(self.first.split("r=")[1]) + 20, said
        self.salt = (f["s"], f["i"])
        key = hashlib.pbkdf2_hmac("sha256", self.password.encode(),
                                  base64.b64decode(f["s"]), int(f["i"]))
        client, server = (hmac.digest(key, x, "sha256")
                          for x in (b"Client Key", b"Server Key"))
        final = "c=%s,r=%s" % (base64.b64encode(
            self.header.encode() + self.binding).decode(), f["r"])
        if self.cut:
            final = self.cut(final)
        message = ",".join((self.first, said, final)).encode()
        self.signature = hmac.digest(server, message, "sha256")
        mac = hmac.digest(hashlib.sha256(client).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, mac))
        return (final + ",p=" + base64.b64encode(proof).decode()).encode()
