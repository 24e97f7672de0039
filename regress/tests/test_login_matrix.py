"""Who may log in, by lookup, verifier, mechanism and client: one row for each
that can be, and why the others cannot. All databases stand in one
configuration, and each user is known to one of them."""

import concurrent.futures
import imaplib
import json
import os
import pty
import pwd
import re
import select
import signal
import ssl
import subprocess

import bearer
import certs
import pam
import proc
import slapd
import sts
import suite

PASSWORD = "pass, with = signs"
SCRIPTED = "scripted-password"


# ---- databases: each makes its entry of auth: and its user ----

class FileFile:
    """A password file."""
    lookup, verifier = "file", "file"
    mechanisms = ("PLAIN", "LOGIN", "SCRAM-SHA-256")
    entry = "{type: file, path: users}"     # the suite's
    user = id = "ann"
    password = PASSWORD

    def users(self, s):
        s.ctl("user", "add", "--scheme", "scram-sha-256", self.user,
              input=self.password.encode() + b"\n")


class SystemPam:
    """The accounts of this host: pam_unix."""
    lookup, verifier = "system", "pam"
    uid = 0
    mechanisms = ("PLAIN", "LOGIN")
    password = PASSWORD

    def __init__(self, directory):
        self.user = self.id = pam.account(self.password)
        self.entry = "{type: pam, service: %s}" % pam.unix()

    def users(self, s):
        pass


class FilePam:
    """A password file whose hashes do not count: a program knows the
    passwords, by pam_exec."""
    lookup, verifier = "file", "pam"
    uid = pwd.getpwnam("nobody").pw_uid
    mechanisms = ("PLAIN", "LOGIN")
    user = id = "virt@example.org"
    password = SCRIPTED
    stranger = "stranger"       # whom only PAM knows

    def __init__(self, directory):
        self.names = os.path.join(directory, "names")
        with open(self.names, "w") as f:
            f.write("Virt@example.org:*\n")
        os.chmod(self.names, 0o644)
        self.entry = "{type: pam, user: nobody, service: %s, lookup: file, " \
            "path: %s}" % (pam.script(directory, {
                self.user: self.password, self.stranger: self.password}),
                self.names)

    def users(self, s):
        pass


class SystemFile:
    """A password file for accounts of this host."""
    lookup, verifier = "system", "file"
    mechanisms = ("PLAIN", "LOGIN", "SCRAM-SHA-256")
    password = PASSWORD
    stranger = "no-account"     # who is in the file only

    def __init__(self, directory):
        self.user = self.id = pam.account(None)
        self.path = os.path.join(directory, "hashes")
        open(self.path, "w").close()
        self.entry = "{type: file, path: %s, lookup: system}" % self.path

    def users(self, s):
        """As pailctl makes them, but in our own file."""
        theirs = os.path.join(s.dir, "users")
        with open(theirs) as f:
            before = f.read()
        for user in self.user, self.stranger:
            s.ctl("user", "add", "--scheme", "scram-sha-256", user,
                  input=self.password.encode() + b"\n")
        with open(theirs) as f:
            text = f.read()
        with open(self.path, "w") as f:
            f.writelines(x + "\n" for x in text.splitlines()
                         if x not in before)
        os.chmod(self.path, 0o644)
        with open(theirs, "w") as f:
            f.write(before)


_directories = {}


def ldap(where, **keys):
    """An entry of auth: with the keys of a search in the matrix's directory;
    a user's id there is another than the name."""
    if where not in _directories:
        _directories.clear()
        _directories[where] = slapd.Slapd("".join(
            slapd.person(c.user, c.password, employeeNumber=[c.id])
            for c in (LdapLdap, FileLdap, LdapPam, LdapFile)))
    d = _directories[where]
    return json.dumps({
        "type": "ldap", "url": [d.tls_url], "ca-file": d.ca,
        "base": "ou=people," + slapd.SUFFIX, "service-dn": slapd.SERVICE,
        "service-password": slapd.SECRET,
        "attributes": {"id": "employeeNumber"}, **keys})


class LdapLdap:
    """A directory, for both."""
    lookup, verifier = "ldap", "ldap"
    mechanisms = ("PLAIN", "LOGIN")
    user, id = "dora", "e-1001"
    password = PASSWORD

    def __init__(self, directory):
        self.entry = ldap(directory)

    def users(self, s):
        pass


class FileLdap(LdapLdap):
    """A directory's passwords, for the names of a file."""
    lookup = "file"
    user = id = "emil"

    def __init__(self, directory):
        path = os.path.join(directory, "emil")
        with open(path, "w") as f:
            f.write("Emil:*\n")
        os.chmod(path, 0o644)
        self.entry = ldap(directory, lookup="file", path=path)


class LdapPam:
    """PAM's passwords, for the ids of a directory."""
    lookup, verifier = "ldap", "pam"
    uid = pwd.getpwnam("nobody").pw_uid
    mechanisms = ("PLAIN", "LOGIN")
    user, id = "fay", "e-1003"
    password = SCRIPTED
    stranger = "not-in-the-directory"

    def __init__(self, directory):
        where = os.path.join(directory, "ldap-pam")
        os.mkdir(where, 0o755)
        self.entry = ldap(
            directory, type="pam", lookup="ldap", user="nobody",
            service=pam.script(where, {self.user: self.password,
                                       self.stranger: self.password}))

    def users(self, s):
        pass


class LdapFile(SystemFile):
    """A password file, for the ids of a directory."""
    lookup = "ldap"
    user, id = "gil", "e-1004"
    stranger = "in-the-file-only"

    def __init__(self, directory):
        self.path = os.path.join(directory, "gil")
        open(self.path, "w").close()
        self.entry = ldap(directory, type="file", path=self.path,
                          lookup="ldap")


DATABASES = (LdapLdap, FileLdap, LdapPam, LdapFile, SystemPam, FilePam,
             SystemFile)
if "asan" in suite.BUILD:       # whose many workers take long to start
    DATABASES = (LdapLdap, SystemPam, FilePam, SystemFile)

IMPOSSIBLE = {
    ("pam", "SCRAM-SHA-256"):
        "PAM verifies passwords, and has no keys to prove one with",
    ("ldap", "SCRAM-SHA-256"):
        "a directory verifies passwords, and gives no keys away",
}


# ---- clients: each says whether it got in ----

def with_imaplib(s, mechanism, user, password):
    m = imaplib.IMAP4("127.0.0.1", s.imap_port)
    try:
        if mechanism == "PLAIN":
            m.authenticate("PLAIN", lambda _: (
                "\0%s\0%s" % (user, password)).encode())
        else:
            m.login(user, password)
        return m.select()[0] == "OK"
    except imaplib.IMAP4.error as e:
        assert "AUTHENTICATIONFAILED" in str(e), e
        return False
    finally:
        m.shutdown()


def with_curl(s, mechanism, user, password):
    r = subprocess.run(
        ["curl", "-s", "-S", "--max-time", "60", "--login-options",
         "AUTH=" + mechanism, "-u", "%s:%s" % (user, password),
         "imap://127.0.0.1:%d/" % s.imap_port], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=90)
    assert r.returncode in (0, 67), r
    return r.returncode == 0 and b"INBOX" in r.stdout


def with_gsasl(s, mechanism, user, password):
    r = subprocess.run(
        ["gsasl", "--imap", "--no-starttls", "--mechanism=" + mechanism,
         "--authentication-id=" + user, "--password=" + password, "--no-cb",
         "--connect=127.0.0.1:%d" % s.imap_port], input=b"",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90)
    return b"authentication finished" in r.stdout + r.stderr


def with_mbsync(s, mechanism, user, password):
    rc = os.path.join(s.dir, "mbsyncrc")
    with open(rc, "w") as f:
        f.write("IMAPStore us\nHost 127.0.0.1\nPort %d\nUser %s\n"
                "Pass \"%s\"\nSSLType None\nAuthMechs %s\n\n"
                "MaildirStore md\nInbox %s/md\n\n"
                "Channel c\nFar :us:\nNear :md:\n" % (
                    s.imap_port, user, password, mechanism, s.dir))
    r = subprocess.run(["mbsync", "-c", rc, "--list", "c"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=90)
    return r.returncode == 0 and b"INBOX" in r.stdout


def with_mutt(s, mechanism, user, password):
    """On a terminal; it opens the mailbox and quits."""
    rc = os.path.join(s.dir, "muttrc")
    with open(rc, "w") as f:
        f.write("set imap_user='%s' imap_pass='%s' ssl_starttls=no\n"
                "set ssl_force_tls=no imap_authenticators=%s quit=yes\n"
                "set mail_check=0 wait_key=no folder=%s\npush <quit>\n" % (
                    user, password, mechanism.lower(), s.dir))
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(HOME=s.dir, TERM="vt100")
        os.execvp("mutt", ["mutt", "-n", "-F", rc, "-R", "-f",
                           "imap://127.0.0.1:%d/INBOX" % s.imap_port])
    seen = b""
    while select.select([fd], [], [], 60)[0]:
        try:
            seen += os.read(fd, 65536)
        except OSError:             # it has ended
            break
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, seen[-2000:]
    return logins(s, user)[-1][:2] == (mechanism, "ok")


CLIENTS = {
    "PLAIN": (with_imaplib, with_curl, with_gsasl, with_mbsync, with_mutt),
    "LOGIN": (with_imaplib, with_curl, with_gsasl, with_mbsync, with_mutt),
    "SCRAM-SHA-256": (with_gsasl, with_mbsync, with_mutt),
}


class Matrix:
    """A suite with these databases, and as first of them a password file."""

    def __init__(self, *kinds, **over):
        directory = proc.tempdir("matrix")
        os.chmod(directory, 0o755)
        self.databases = [FileFile()] + [k(directory) for k in kinds]
        self.suite = suite.Suite(
            users=(), auth="[%s]" % ", ".join(
                d.entry for d in self.databases),
            sasl_mechanisms="[PLAIN, LOGIN, SCRAM-SHA-256]", **over)
        for d in self.databases:
            d.users(self.suite)

    def __enter__(self):
        self.suite.__enter__()
        return self.suite, self.databases

    def __exit__(self, *exc):
        try:
            self.suite.__exit__(*exc)
        finally:
            pam.clean()


def uids(s):
    """Of authd and its workers."""
    found = set()
    for pid, name in s.children():
        if name == "authd":
            with open("/proc/%d/status" % pid) as f:
                found.add(int(re.search(r"^Uid:\s+(\d+)", f.read(),
                                        re.M).group(1)))
    return found


def logins(s, user):
    """(mechanism, result, why) of each login of user, as the log has it."""
    return [(m.group(1), m.group(2), m.group(3)) for m in re.finditer(
        r' user="?%s"? mech=(\S+) .* result=(\w+)(?: why="(.*)")?$' %
        re.escape(user), s.log_text(), re.M)]


def test_each_row_of_the_matrix_logs_in():
    why = pam.available()
    with Matrix(*(() if why else DATABASES)) as (s, databases):
        for d in databases:
            for mechanism in d.mechanisms:
                # A pair is no other thing to a client.
                clients = CLIENTS[mechanism]
                if d.lookup != d.verifier and not isinstance(d, SystemPam):
                    clients = clients[:1]
                for client in clients:
                    assert client(s, mechanism, d.user, d.password), (
                        d.__class__.__name__, mechanism, client.__name__,
                        s.log_tail())
            # and PAM is asked by the user that is set for it
            if d.verifier == "pam":
                assert uids(s) >= {d.uid}, (d, uids(s))
            # the mail is the id's that the lookup has named
            s.ctl("deliver", d.id, input=b"Subject: for %s\n\n" %
                  d.id.encode())
            c = s.client(d.user.upper(), '"%s"' % d.password)
            c.ok("SELECT INBOX")
            a = c.ok("FETCH 1 BODY.PEEK[HEADER]")
            assert b"for " + d.id.encode() in b"".join(a.lines), a
            c.logout()


def test_a_wrong_password_is_one_in_each_row():
    """And with it a password that is right in another row."""
    why = pam.available()
    with Matrix(*(() if why else DATABASES)) as (s, databases):
        tries = [(with_imaplib, "LOGIN", "nobody-here", PASSWORD)]
        for d in databases:
            tries.append((with_imaplib, "LOGIN", d.user,
                          SCRIPTED if d.password == PASSWORD else PASSWORD))
            for mechanism in set(CLIENTS) - set(d.mechanisms):
                assert (d.verifier, mechanism) in IMPOSSIBLE, (d, mechanism)
                tries.append((with_gsasl, mechanism, d.user, d.password))
        # Those of the last ones: no other's word for it comes after theirs.
        strangers = () if why else (FilePam.stranger,
                                 SystemFile.stranger)
        for d in databases:
            if hasattr(d, "stranger"):
                tries.append((with_imaplib, "PLAIN", d.stranger, d.password))
        # root has a uid below minimum-uid, whatever the password
        tries.append((with_imaplib, "PLAIN", "root", PASSWORD))
        with concurrent.futures.ThreadPoolExecutor(len(tries)) as pool:
            got = list(pool.map(lambda t: t[0](s, *t[1:]), tries))
        assert not any(got), list(zip(tries, got))
        for t in tries:
            assert {x[1] for x in logins(s, t[2])} == {"no"}, (
                t, logins(s, t[2]))
        for user in strangers:
            assert logins(s, user)[-1][2] == "the password is right, but " \
                "the lookup does not know the user", logins(s, user)


def external(s, pem, user):
    """With this certificate: the answer of EXTERNAL, or None: logged in."""
    ctx = ssl._create_unverified_context()
    if pem:
        ctx.load_cert_chain(pem)
    m = imaplib.IMAP4_SSL("127.0.0.1", s.imaps_port, ssl_context=ctx,
                          timeout=60)
    try:
        m.authenticate("EXTERNAL", lambda _: user.encode())
        assert m.select()[0] == "OK"
        return None
    except imaplib.IMAP4.error as e:
        return str(e)
    finally:
        m.shutdown()


def curl_external(s, pem, user):
    r = subprocess.run(
        ["curl", "-s", "-S", "-k", "--max-time", "60", "--cert", pem,
         "--login-options", "AUTH=EXTERNAL", "-u", user + ":",
         "imaps://127.0.0.1:%d/" % s.imaps_port], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=90)
    return r.returncode == 0 and b"INBOX" in r.stdout


def test_tokens_and_certificates_are_rows_beside_passwords():
    """The login itself says who it is: lookup token."""
    with sts.Oidc() as p:
        s = suite.Suite(users=("ann",))
        a = certs.Authority(s.dir)
        carl = "carl@example.org"
        card = a.issue("carl", "email:" + carl)
        s.over["auth"] = "[{type: file, path: users}, {type: oidc, issuer: " \
            "'%s', audience: %s, claim: sub}, {type: certificate, " \
            "ca-file: %s}]" % (p.url, p.CLIENT, a.ca)
        s.write_conf()
        with s:
            token = p.token(600, "bob")
            for m in bearer.MECHANISMS:
                assert bearer.attempt(s, token, "bob", m) is None, m
                # cells that cannot be: another's name, a password as token
                assert bearer.attempt(s, token, "ann", m)
                assert bearer.attempt(s, suite.PASSWORD, "ann", m)
            assert bearer.curl(s, token, "bob")[0] == 0
            assert external(s, card, "") is None
            assert external(s, card, carl) is None
            assert curl_external(s, card, carl)
            for pem, user in ((card, "ann"), (None, carl), (None, "")):
                assert external(s, pem, user), (pem, user)
            for user, password in (("bob", token), (carl, ""),
                                   ("bob", suite.PASSWORD)):
                assert not with_imaplib(s, "PLAIN", user, password), user
            assert with_imaplib(s, "PLAIN", "ann", suite.PASSWORD)
            assert token not in s.log_text()


def test_who_has_the_right_password_is_told_that_it_is_of_no_use():
    """And nobody else is."""
    if pam.available():
        return
    old = pam.account(PASSWORD, "-e", "2020-01-01")
    aged = pam.account(PASSWORD)
    subprocess.run(["chage", "-d", "0", aged], check=True)
    here, away = pam.account(PASSWORD), pam.account(PASSWORD)
    directory = proc.tempdir("access")
    rules = os.path.join(directory, "access.conf")
    with open(rules, "w") as f:
        f.write("+:%s:127.0.0.1\n-:%s:127.0.0.1\n+:ALL:ALL\n" % (here, away))
    entry = "[{type: pam, service: %s}]" % pam.unix(
        "account required pam_access.so nodefgroup accessfile=" + rules)
    expect = {old: "EXPIRED", aged: "EXPIRED", away: "CONTACTADMIN",
              here: None}

    def said(s, user, password):
        c = s.client(None)
        a = c.cmd('LOGIN %s "%s"' % (user, password))
        c.close()
        return a

    try:
        with suite.Suite(users=(), auth=entry) as s:
            tries = [(u, p) for u in expect for p in (PASSWORD, "wrong")]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                got = dict(zip(tries, pool.map(lambda t: said(s, *t), tries)))
            for (user, password), a in got.items():
                code = expect[user] if password == PASSWORD else \
                    "AUTHENTICATIONFAILED"
                assert (a.status == "OK") == (code is None), (user, a)
                assert code is None or a.code(code) is not None, (user, a)
            assert {x[1] for x in logins(s, old)} == {"expired", "no"}
            assert {x[1] for x in logins(s, away)} == {"locked", "no"}
    finally:
        pam.clean()


def test_names_are_mapped_by_rule_and_master_users_log_in_as_others():
    rules = "{default-domain: example.org, strip-domains: [old.org], " \
        "detail-separator: +, unicode: precis, master-users: " \
        "[admin@example.org]}"
    users = ("ann@example.org", "admin@example.org", "\u00e4rger@example.org")
    with suite.Suite(users=(), login_names=rules) as s:
        for user in users:
            s.add_user(user, "password of " + user[:3])
            s.ctl("deliver", user, input=b"Subject: for %s\n\n" %
                  user.encode())

        def mail_of(login, password):
            """Whose mail it is, or None."""
            m = imaplib.IMAP4("127.0.0.1", s.imap_port)
            try:
                m.authenticate("PLAIN", lambda _: (
                    "\0%s\0%s" % (login, password)).encode())
                m.select()
                return m.fetch("1", "(BODY.PEEK[HEADER])")[1][0][1].decode(
                    ).split("for ")[1].strip()
            except imaplib.IMAP4.error as e:
                assert "AUTHENTICATIONFAILED" in str(e), e
                return None
            finally:
                m.shutdown()

        ann, admin, arger = ("password of " + u[:3] for u in users)
        for login, password, want in (
                ("ann", ann, users[0]), ("Ann@OLD.org", ann, users[0]),
                ("ann+lists", ann, users[0]), ("ann@example.org", ann,
                                               users[0]),
                ("\u00c4RGER", arger, users[2]),
                ("a\u0308rger@old.org", arger, users[2]),
                ("ann*admin", admin, users[0]),
                ("\u00c4rger*Admin@example.org", admin, users[2]),
                ("ann*admin", ann, None), ("nobody*admin", admin, None),
                ("admin*ann", ann, None), ("ann@else.org", ann, None)):
            assert mail_of(login, password) == want, (
                login, want, s.log_tail())
        lines = [x for x in s.log_text().splitlines() if " master=" in x]
        assert len(lines) == 2, lines
        assert " user=ann@example.org master=admin@example.org remote=" \
            "127.0.0.1" in lines[0], lines


def test_impossible_rows_are_refused_by_the_configuration():
    if pam.available():
        return
    s = suite.Suite(users=(), auth="[{type: pam, service: other}]",
                    sasl_mechanisms="[SCRAM-SHA-256]")
    r = subprocess.run([s.bin("paild"), "-n", "-f", s.conf],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=60)
    assert r.returncode == 1 and b"nobody can use SCRAM-SHA-256" in r.stdout, r
