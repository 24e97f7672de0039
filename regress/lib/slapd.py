"""Debian's slapd, as an ordinary process in a directory of its own: plain,
StartTLS, ldaps and ldapi; a directory with some people in it."""

import os
import shutil
import socket
import subprocess

import proc

SLAPD = shutil.which("slapd") or "/usr/sbin/slapd"
SUFFIX = "dc=example,dc=org"
SERVICE = "cn=pail,%s" % SUFFIX
SECRET = "service-password"

CONF = """
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {dir}/pid
{tls}
database mdb
suffix "{suffix}"
rootdn "cn=admin,{suffix}"
rootpw admin-password
directory {dir}/db
maxsize 67108864
dbnosync
index uid,mail,member eq
overlay ppolicy
ppolicy_default "cn=policy,{suffix}"
ppolicy_use_lockout
access to attrs=userPassword by self write by anonymous auth by * none
access to dn.subtree="ou=people,{suffix}" by dn.exact="{service}" read
    by self read by anonymous auth by * none
access to * by dn.exact="{service}" read by users read by anonymous auth
    by * none
"""

BASE = """
dn: {suffix}
objectClass: dcObject
objectClass: organization
dc: example
o: example

dn: {service}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: pail
userPassword: {secret}

dn: cn=policy,{suffix}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 50

dn: cn=must-change,{suffix}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: must-change
pwdAttribute: userPassword
pwdMustChange: TRUE

dn: ou=people,{suffix}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{suffix}
objectClass: organizationalUnit
ou: groups
"""


def escape(value):
    """RFC 4514, by hex pairs."""
    return "".join(c if c.isalnum() and c.isascii() else "".join(
        "\\%02x" % b for b in c.encode()) for c in value)


def line(name, value):
    """A line of LDIF, in base64 whatever the value."""
    import base64
    if isinstance(value, str):
        value = value.encode()
    return "%s:: %s\n" % (name, base64.b64encode(value).decode())


def person(uid, password, ou="people", **attrs):
    """An entry's LDIF; attrs: further values, each a list."""
    out = line("dn", "uid=%s,ou=%s,%s" % (escape(uid), ou, SUFFIX))
    out += "objectClass: inetOrgPerson\ncn: x\nsn: x\n" + line("uid", uid)
    if password is not None:
        out += line("userPassword", password)
    for name, values in attrs.items():
        out += "".join(line(name, v) for v in values)
    return out + "\n"


def group(cn, *members):
    return "dn: cn=%s,ou=groups,%s\nobjectClass: groupOfNames\ncn: %s\n%s\n" % (
        cn, SUFFIX, cn, "".join("member: uid=%s,ou=people,%s\n" % (m, SUFFIX)
                                for m in members))


class Slapd:
    """ldif: what is in it beside the base. Started at once."""

    def __init__(self, ldif="", name="slapd", names="IP:127.0.0.1,"
                 "DNS:localhost", conf=""):
        self.dir = proc.tempdir(name)
        os.chmod(self.dir, 0o755)
        self.port = proc.free_port()
        self.tls_port = proc.free_port()
        self.socket = os.path.join(self.dir, "ldapi")
        self.ca = os.path.join(self.dir, "cert.pem")
        key = os.path.join(self.dir, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=directory", "-addext", "subjectAltName=" + names,
             "-keyout", key, "-out", self.ca], check=True,
            stderr=subprocess.DEVNULL)
        os.chmod(self.ca, 0o644)
        self.conf = os.path.join(self.dir, "slapd.conf")
        with open(self.conf, "w") as f:
            f.write(CONF.format(
                dir=self.dir, suffix=SUFFIX, service=SERVICE,
                tls="TLSCertificateFile %s\nTLSCertificateKeyFile %s\n%s" % (
                    self.ca, key, conf)))
        os.mkdir(os.path.join(self.dir, "db"))
        self.tool("slapadd", "-q", input=BASE.format(
            suffix=SUFFIX, service=SERVICE, secret=SECRET) + "\n" + ldif)
        self.p = None
        self.start()

    def tool(self, name, *args, input=""):
        p = subprocess.run([SLAPD, "-T" + name[len("slap"):], *args, "-f",
                            self.conf], input=input.encode(),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert p.returncode == 0, p.stdout.decode()

    @property
    def url(self):
        return "ldap://127.0.0.1:%d" % self.port

    @property
    def tls_url(self):
        return "ldaps://127.0.0.1:%d" % self.tls_port

    @property
    def local_url(self):
        return "ldapi://" + self.socket

    def start(self):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.p = proc.spawn(
            [SLAPD, "-d", "stats", "-f", self.conf, "-h", "%s/ %s/ ldapi://%s/"
             % (self.url, self.tls_url, self.socket.replace("/", "%2F"))],
            stdout=self.log, stderr=self.log)
        proc.await_true("slapd answers", self.up)

    def up(self):
        try:
            for port in self.port, self.tls_port:
                socket.create_connection(("127.0.0.1", port), 5).close()
            return os.path.exists(self.socket)
        except OSError:
            return False

    def kill(self):
        self.p.kill()
        self.p.wait()
        self.log.close()

    def log_text(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def modify(self, ldif):
        """As the administrator."""
        p = subprocess.run(
            ["ldapmodify", "-x", "-H", self.url, "-D", "cn=admin," + SUFFIX,
             "-w", "admin-password"], input=ldif.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert p.returncode == 0, p.stdout.decode()

    def set_password(self, dn, password):
        self.modify("dn: %s\nchangetype: modify\nreplace: userPassword\n"
                    "userPassword: %s\n" % (dn, password))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.kill()
