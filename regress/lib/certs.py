"""Certificates made by openssl, in the forms in which administrators have them;
and what a client sees of them."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile

NEWKEY = {"rsa": ("rsa:2048",), "ed25519": ("ed25519",),
          "p256": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
          "p384": ("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")}


def openssl(*args, **more):
    r = subprocess.run(["openssl", *args], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60, **more)
    assert r.returncode == 0, (args, r.stderr.decode())
    return r.stdout


CA = """[ca]
default_ca = d
[d]
database = index
new_certs_dir = .
serial = serial
policy = p
[p]
commonName = supplied
"""


def expired(cert, key, kind, name):
    """openssl req makes none."""
    with tempfile.TemporaryDirectory() as d:
        for n, text in (("index", ""), ("serial", "1001\n"),
                        ("conf", CA)):
            with open(os.path.join(d, n), "w") as f:
                f.write(text)
        openssl("req", "-newkey", *NEWKEY[kind], "-nodes", "-subj",
                "/CN=" + name, "-keyout", key, "-out", "csr", cwd=d)
        openssl("ca", "-batch", "-selfsign", "-config", "conf", "-keyfile",
                key, "-in", "csr", "-out", cert, "-startdate",
                "20200101000000Z", "-enddate", "20200201000000Z", "-notext",
                "-md", "sha256", cwd=d)
    os.chmod(key, 0o600)


def make(cert, key, kind="p256", name="localhost", names=(), days=90):
    """A certificate, signed by itself; days=0: it has expired."""
    if days == 0:
        expired(cert, key, kind, name)
        return
    san = ["-addext", "subjectAltName=" + ",".join(
        "DNS:" + n for n in names)] if names else []
    openssl("req", "-x509", "-newkey", *NEWKEY[kind], "-nodes", "-days",
            str(days), "-subj", "/CN=" + name, *san, "-keyout", key, "-out",
            cert)
    os.chmod(key, 0o600)


class Lineage:
    """A directory as certbot keeps it: live/NAME/*.pem are links to
    archive/NAME/*N.pem."""

    def __init__(self, top, name, **how):
        self.name, self.how, self.n = name, how, 0
        self.archive = os.path.join(top, "archive", name)
        self.live = os.path.join(top, "live", name)
        os.makedirs(self.archive)
        os.makedirs(self.live)
        self.renew()

    @property
    def conf(self):
        return "{certificate: %s/fullchain.pem, private-key: " \
            "%s/privkey.pem}" % (self.live, self.live)

    def path(self, what, n=None):
        return os.path.join(self.archive, "%s%d.pem" % (what, n or self.n))

    def renew(self, name=None, key=None, **how):
        """The next one, with other files' key if it is given."""
        self.n += 1
        make(self.path("fullchain"), self.path("privkey"),
             name=name or "%s-%d" % (self.name, self.n),
             **dict(self.how, **how))
        if key:
            os.replace(key, self.path("privkey"))
        for what in ("fullchain", "privkey"):
            link = os.path.join(self.live, what + ".pem")
            os.symlink("../../archive/%s/%s%d.pem" % (
                self.name, what, self.n), link + ".new")
            os.replace(link + ".new", link)


AUTHORITY = """[ca]
default_ca = d
[d]
database = index
new_certs_dir = .
serial = serial
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = p
email_in_dn = no
[p]
commonName = optional
userId = optional
"""


class Authority:
    """A CA that issues to clients, in a directory of its own."""

    def __init__(self, directory, name="clients-ca"):
        self.dir = os.path.join(directory, name)
        os.mkdir(self.dir)
        for n, text in (("index", ""), ("serial", "1001\n"),
                        ("crlnumber", "01\n"), ("conf", AUTHORITY),
                        ("index.attr", "unique_subject = no\n")):
            with open(self.path(n), "w") as f:
                f.write(text)
        make(self.path("ca.pem"), self.path("ca.key"), name=name)

    def path(self, name):
        return os.path.join(self.dir, name)

    @property
    def ca(self):
        return self.path("ca.pem")

    def issue(self, name, san=None, subject=None, usage="clientAuth",
              old=False, ca=False):
        """A file with its key, certificate and (ca: an Authority below)."""
        pem, key = self.path(name + ".pem"), self.path(name + ".key")
        openssl("req", "-newkey", *NEWKEY["p256"], "-nodes", "-subj",
                subject or "/CN=" + name, "-keyout", key, "-out",
                self.path(name + ".csr"))
        with open(self.path("ext"), "w") as f:
            f.write("basicConstraints = CA:TRUE\n" if ca else
                    "extendedKeyUsage = %s\n" % usage)
            if san:
                f.write("subjectAltName = %s\n" % san)
        dates = ("-startdate", "20200101000000Z", "-enddate",
                 "20200201000000Z") if old else ()
        openssl("ca", "-batch", "-config", "conf", "-in", name + ".csr",
                "-out", pem, "-extfile", "ext", "-notext", *dates,
                cwd=self.dir)
        with open(key) as f:
            text = f.read()
        with open(pem, "a") as f:
            f.write(text)
        os.chmod(pem, 0o600)
        return pem

    def below(self, name):
        """An intermediate CA; what it issues is shown with its own."""
        pem = self.issue(name, ca=True)
        sub = Authority(self.dir, name + "-ca")
        shutil.copy(pem, sub.path("ca.pem"))
        shutil.copy(self.path(name + ".key"), sub.path("ca.key"))
        return sub

    def revoke(self, pem):
        openssl("ca", "-config", "conf", "-revoke", pem, cwd=self.dir)

    def crl(self):
        openssl("ca", "-config", "conf", "-gencrl", "-out", "crl.pem",
                cwd=self.dir)
        return self.path("crl.pem")


def see(s, *options, port=None):
    """(common name, protocol, all) of what openssl's client sees; None: there
    was no handshake."""
    r = subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" %
         (port or s.imaps_port), *options], input=b"a LOGOUT\r\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    text = r.stdout.decode(errors="replace")
    name = re.search(r"^subject=.*CN ?= ?(\S+)", text, re.M)
    how = re.search(r"^New, (\S+), Cipher is (\S+)", text, re.M)
    if how is None or how.group(2) == "(NONE)" or name is None:
        return None
    return name.group(1), how.group(1), text


def served(s, host=None):
    """The common name of what a handshake of Python's shows, or None."""
    ctx = ssl._create_unverified_context()
    try:
        with socket.create_connection(("127.0.0.1", s.imaps_port), 30) as c:
            with ctx.wrap_socket(c, server_hostname=host) as t:
                der = t.getpeercert(True)
    except OSError:
        return None
    text = openssl("x509", "-inform", "DER", "-noout", "-subject", input=der)
    return re.search(r"CN ?= ?(\S+)", text.decode()).group(1)


def pieces(key):
    """What to look for in memory: the file's text and DER, and each secret
    number as it is in DER and as OpenSSL has it."""
    with open(key, "rb") as f:
        text = f.read()
    body = b"".join(text.split(b"\n")[1:-2])
    out = {"pem": text.split(b"\n")[3],
           "der": openssl("pkey", "-in", key, "-outform", "DER")[-100:-20]}
    shown = openssl("pkey", "-in", key, "-noout", "-text").decode()
    for what in ("privateExponent", "prime1", "prime2", "priv"):
        m = re.search(r"^%s:\n((?: +[0-9a-f:]+\n)+)" % what, shown, re.M)
        if m is None:
            continue
        number = bytes.fromhex(re.sub(r"[\s:]", "", m.group(1))).lstrip(b"\0")
        # A part: an end may be overwritten, and limbs are of 8 bytes.
        n = len(number) // 16 * 8
        out[what] = number[-n:]
        out[what + ", little-endian"] = number[-n:][::-1]
    assert len(body) > 40 and len(out) > 3, out
    return out
