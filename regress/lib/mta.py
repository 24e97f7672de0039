"""Debian's Postfix, Exim and OpenSMTPD, each in a root of its own
(lib/chroot.py) with a queue of its own. They are configured as pail-mta(7)
says: the examples there are what runs here.

    m = mta.Postfix("unix")             # or "tcp", "tls", "pipe"
    with suite.Suite(listen=...), m:
        m.feed(mails)                   # by SMTP, into its queue
        m.await_empty()
        m.delivered()                   # as its own log has it

What cannot be delivered is tried again every second or two."""

import os
import re
import shutil
import smtplib

import chroot
import fronts
import proc

DOMAIN = "example.org"
SOCKET = "/run/pail/lmtp.sock"          # in the MTA's root
CA = "/etc/ssl/certs/pail.pem"          # of "tls", there
SENDER = "sender@elsewhere.example"
MANUAL = os.path.join(proc.TOP, "man/pail-mta.7")


def example(name):
    """One of the manual's."""
    with open(MANUAL) as f:
        text = f.read()
    m = re.search(r'^\.\\" regress: %s\n\.Bd -literal[^\n]*\n(.*?)^\.Ed'
                  % re.escape(name), text, re.M | re.S)
    assert m, "pail-mta(7) has no example %s" % name
    out = m.group(1).replace("\\e", "\\").replace("\\&", "")
    assert not re.search(r"^\.|\\[^\n ]", out, re.M), out
    return out


class Mta:
    """way: "unix", "tcp", "tls" or "pipe" (pail-deliver)."""

    name = package = None
    users = {}
    programs = ()
    more = ()               # where libraries of its own are

    def __init__(self, way):
        why = chroot.missing()
        assert why is None, why
        self.way = way
        self.port = proc.free_port()    # SMTP, where mail comes from
        self.lmtp_port = 24             # Pail's: said before start()
        self.root = chroot.Root("mta-" + self.name, self.package, self.users)
        more = [os.path.join(self.root.package, d) for d in self.more]
        self.root.packaged(*self.programs, more=more)
        self.p = None

    @property
    def socket(self):
        """Where Pail has to listen, seen from outside."""
        return self.root.path(SOCKET)

    def listen(self, tcp_port):
        """Pail's listener for this way; an element of "listen"."""
        if self.way in ("unix", "pipe"):
            return "lmtp+unix:" + self.socket
        self.lmtp_port = tcp_port
        return "lmtp://127.0.0.1:%d" % tcp_port

    def trust(self, cert):
        with open(cert) as f:
            self.root.write(CA, f.read())

    def example(self):
        """The manual's, but for the port."""
        text = example("%s %s" % (self.name, self.way))
        assert self.way not in ("tcp", "tls") or "24" in text, text
        return re.sub(r"\b24\b", str(self.lmtp_port), text)

    def deliver_program(self, path):
        """pail-deliver, for "pipe"."""
        self.root.programs({path: "/usr/local/sbin/pail-deliver"})

    def start(self):
        self.configure()
        self.p = self.root.spawn(*self.command())
        proc.await_true(self.name + " answers", self.up)

    def up(self):
        assert self.p.poll() is None, self.log_text()
        return proc.can_connect(self.port)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        proc.end(self.p)

    def feed(self, mails):
        """[(recipients, octets)] into its queue, which is not empty then if
        Pail does not take them."""
        mails = list(mails)
        for at in range(0, len(mails), 50):     # OpenSMTPD takes 100
            with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as c:
                for rcpts, data in mails[at:at + 50]:
                    refused = c.sendmail(SENDER, rcpts, data)
                    assert not refused, refused

    def await_empty(self, seconds=60):
        def empty():
            if not self.queued():
                return True
            self.hurry()
            return False
        try:
            proc.await_true("", empty, seconds, 0.2)
        except AssertionError:
            raise AssertionError("%s still has %d after %ss\n%s" % (
                self.name, len(self.queued()), seconds,
                self.log_text()[-3000:])) from None

    def hurry(self):
        """Try what is deferred now, if it cannot be configured."""

    def files(self, spool, pattern):
        out = []
        for d, _, names in os.walk(self.root.path(spool)):
            out += [os.path.join(d, n) for n in names
                    if re.fullmatch(pattern, n)]
        return out

    def count(self, pattern):
        return len(re.findall(pattern, self.log_text(), re.M))


class Postfix(Mta):
    name = package = "postfix"
    users = {"postfix": 2001, "postdrop": 2002}
    programs = ("usr/lib/postfix/sbin", "usr/sbin/postconf")
    more = ("usr/lib/postfix",)
    spool = "/var/spool/postfix"
    main = ""               # more of main.cf
    MAIN = """
compatibility_level = 3.6
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = /var/log/maillog
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = no
data_directory = /var/lib/postfix
setgid_group = postdrop
mail_owner = postfix
smtputf8_enable = no
lmtp_host_lookup = native
# Try again at once.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
address_verify_poll_delay = 1s
# Hang up on who hangs.
lmtp_connect_timeout = 2s
lmtp_lhlo_timeout = 4s
lmtp_mail_timeout = 4s
lmtp_rcpt_timeout = 4s
lmtp_data_init_timeout = 4s
lmtp_data_done_timeout = 4s
# ... one after the other is not given up for long.
default_destination_concurrency_failed_cohort_limit = 100
"""
    MASTER = """
127.0.0.1:%d inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

    def configure(self):
        r = self.root
        for d, user, group, mode in (
                ("active", "postfix", "root", 0o700),
                ("bounce", "postfix", "root", 0o700),
                ("corrupt", "postfix", "root", 0o700),
                ("defer", "postfix", "root", 0o700),
                ("deferred", "postfix", "root", 0o700),
                ("flush", "postfix", "root", 0o700),
                ("hold", "postfix", "root", 0o700),
                ("incoming", "postfix", "root", 0o700),
                ("maildrop", "postfix", "postdrop", 0o730),
                ("private", "postfix", "root", 0o700),
                ("public", "postfix", "postdrop", 0o710),
                ("saved", "postfix", "root", 0o700),
                ("trace", "postfix", "root", 0o700),
                ("pid", "root", "root", 0o755),
                ("/var/lib/postfix", "postfix", "root", 0o700)):
            path = r.path(d if d[0] == "/" else self.spool + "/" + d)
            os.makedirs(path, exist_ok=True)
            ids = dict(self.users, root=0)
            os.chown(path, ids[user], ids[group])
            os.chmod(path, mode)
        os.makedirs(r.path("etc/postfix"), exist_ok=True)
        master = self.MASTER % self.port
        if self.way == "pipe":
            master += example("postfix pipe, master.cf")
        r.write("etc/postfix/main.cf", self.MAIN + self.example() +
                self.main)
        r.write("etc/postfix/master.cf", master)
        # It waits until it is sure that nobody writes to it still.
        os.utime(r.path("etc/postfix/main.cf"), (1, 1))

    def command(self):
        return "/usr/lib/postfix/sbin/master", "-d", "-c", "/etc/postfix"

    def queued(self):
        return [f for d in ("maildrop", "incoming", "active", "deferred")
                for f in self.files("%s/%s" % (self.spool, d), r"\w{6,}")]

    def log_text(self):
        return self.root.read("var/log/maillog") + self.root.read("out")

    # (A probe of reject_unverified_recipient is "deliverable", no "sent".)
    def delivered(self):
        return self.count(r"relay=.*status=sent")

    def deferred(self):
        return self.count(r"status=deferred")

    def bounced(self):
        return self.count(r"status=bounced|status=expired")


class Exim(Mta):
    name, package = "exim", "exim4-daemon-light"
    users = {"Debian-exim": 2003}
    programs = ("usr/sbin/exim4",)
    spool = "/var/spool/exim4"
    BEFORE = """
primary_hostname = mx.example.org
exim_path = /usr/sbin/exim4
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = %d
domainlist local_domains = example.org
acl_smtp_rcpt = accept_it
queue_only
queue_run_max = 4
smtp_accept_max = 100
tls_advertise_hosts =
tls_certificate = /etc/exim4/mx.crt
tls_privatekey = /etc/exim4/mx.key
never_users =
disable_ipv6
keep_environment =
notifier_socket =
begin acl
accept_it:
  accept domains = +local_domains
"""
    AFTER = """
begin retry
* * F,1h,1s
"""

    def configure(self):
        r = self.root
        for d in ("var/spool/exim4", "var/log/exim4"):
            os.makedirs(r.path(d), exist_ok=True)
            os.chown(r.path(d), 2003, 2003)
        text = self.example()
        if self.way in ("tcp", "tls", "unix"):
            # Hang up on who hangs; the transport is the last of the text.
            text += "  timeout = 4s\n" if self.way == "unix" else \
                "  connect_timeout = 2s\n  command_timeout = 4s\n" \
                "  data_timeout = 4s\n  final_timeout = 4s\n" \
                "  hosts_max_try = 1\n"
        os.makedirs(r.path("etc/exim4"), exist_ok=True)
        # Not used, but it would make one of its own, in a second.
        fronts.certificate(r.path("etc/exim4"), "mx")
        r.write("etc/exim4/exim4.conf",
                self.BEFORE % self.port + text + self.AFTER)
        # It runs itself anew, and is to be root then.
        path = r.path("usr/sbin/exim4")
        shutil.copyfile(path, path + ".new")
        os.chmod(path + ".new", 0o4755)
        os.rename(path + ".new", path)

    def command(self):
        return "/usr/sbin/exim4", "-bdf", "-q1s"

    def queued(self):
        return self.files(self.spool + "/input", r"\S+-H")

    def log_text(self):
        return self.root.read("var/log/exim4/mainlog") + \
            self.root.read("var/log/exim4/paniclog") + self.root.read("out")

    def delivered(self):
        return self.count(r"^\S+ \S+ \S+ [=-]> ")

    def deferred(self):
        return self.count(r"^\S+ \S+ \S+ == ")

    def bounced(self):
        return self.count(r"^\S+ \S+ \S+ \*\* ")


class Opensmtpd(Mta):
    name = package = "opensmtpd"
    users = {"opensmtpd": 2004, "opensmtpq": 2005, "vmail": 2006}
    programs = ("usr/sbin/smtpd", "usr/sbin/smtpctl", "usr/libexec/opensmtpd")
    spool = "/var/spool/smtpd"

    def configure(self):
        r = self.root
        os.makedirs(r.path("var/lib/opensmtpd/empty"), exist_ok=True)
        os.makedirs(r.path(self.spool), 0o711, exist_ok=True)
        passwd = r.read("etc/passwd").replace(
            "opensmtpd:x:2004:2004::/nonexistent",
            "opensmtpd:x:2004:2004::/var/lib/opensmtpd/empty").replace(
            "opensmtpq:x:2005:2005::/nonexistent",
            "opensmtpq:x:2005:2005::/var/lib/opensmtpd/empty").replace(
            "vmail:x:2006:2006::/nonexistent", "vmail:x:2006:2006::/var/lib")
        r.write("etc/passwd", passwd)
        r.write("etc/mailname", "mx.example.org\n")
        text = self.example()
        r.write("etc/smtpd.conf", "listen on 127.0.0.1 port %d\n%s" % (
            self.port, text))

    def command(self):
        return "/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"

    def hurry(self):
        """Its first pause is long, and not configured."""
        gid = self.users["opensmtpq"]
        for words in (("resume", "route", "all"), ("schedule", "all")):
            self.root.run("/usr/sbin/smtpctl", *words, gid=gid, check=False)

    def queued(self):
        return self.files(self.spool + "/queue", r"[0-9a-f]{16}")

    def log_text(self):
        return self.root.read("out")

    def delivered(self):
        return self.count(r'delivery .*result="?Ok')

    def deferred(self):
        return self.count(r'delivery .*result="?TempFail')

    def bounced(self):
        return self.count(r'delivery .*result="?PermFail')
