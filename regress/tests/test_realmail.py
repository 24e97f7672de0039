"""Real mail, delivered with mbsync and read back after all local state is
gone, by imaplib, mutt and curl; ENVELOPE and BODYSTRUCTURE are compared with
Python's email package."""

import calendar
import collections
import email.utils
import imaplib
import mailbox
import os
import pty
import re
import subprocess

import mailcheck
import realmail
import suite
from mark import normal_only, time_limit


def mbsync(s, maildir, state):
    conf = os.path.join(s.dir, "mbsyncrc-" + os.path.basename(state))
    os.makedirs(state, exist_ok=True)
    with open(conf, "w") as f:
        f.write("""IMAPAccount pail
Host 127.0.0.1
Port %d
User ann
Pass %s
SSLType None
AuthMechs LOGIN
PipelineDepth 50

IMAPStore pail
Account pail

MaildirStore local
Path %s/
Inbox %s
SubFolders Verbatim

Channel all
Far :pail:
Near :local:
Patterns INBOX
Create Both
SyncState %s/
CopyArrivalDate yes
Sync All
""" % (s.imap_port, suite.PASSWORD, os.path.dirname(maildir), maildir,
            state))
    r = subprocess.run(["mbsync", "-c", conf, "-q", "all"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=900)
    assert r.returncode == 0, r.stdout.decode(errors="replace")[-3000:]


def in_and_out(kind):
    rows = realmail.mails()
    want = sorted((realmail.as_mbsync_writes(d), "".join(sorted(f)), t)
                  for d, f, t in rows)
    with suite.Suite(suite.store(kind)) as s:
        realmail.write_maildir(os.path.join(s.dir, "in/INBOX"), rows)
        mbsync(s, os.path.join(s.dir, "in/INBOX"),
               os.path.join(s.dir, "state-in"))
        s.start_anew()
        out = os.path.join(s.dir, "out/INBOX")
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(out, sub))
        mbsync(s, out, os.path.join(s.dir, "state-out"))
        got = realmail.read_maildir(out)
        assert len(got) == len(want), (len(got), len(want))
        bad = [(g, w) for g, w in zip(got, want) if g != w]
        assert not bad, "%d differ, the first: %.300r %.300r" % (
            len(bad), *bad[0])
        if kind == "minio":
            read_by_others(s, rows)


def read_by_others(s, rows):
    with imaplib.IMAP4("127.0.0.1", s.imap_port) as c:
        c.login("ann", suite.PASSWORD)
        assert c.select("INBOX", readonly=True) == ("OK", [b"6046"])
        data = c.fetch("1:*", "(RFC822.SIZE)")[1]
        assert len(data) == 6046
    url = "imap://127.0.0.1:%d/INBOX;MAILINDEX=1" % s.imap_port
    r = subprocess.run(["curl", "-sS", "--user", "ann:" + suite.PASSWORD,
                        url], stdout=subprocess.PIPE, timeout=60)
    assert r.returncode == 0
    assert realmail.without_tuid(r.stdout.replace(b"\r\n", b"\n")) in {
        realmail.without_tuid(d.replace(b"\r\n", b"\n")) for d, _, _ in rows}
    mutt_copies_all(s)
    envelopes_agree(s)


def mutt_copies_all(s):
    """mutt on a terminal: opens the mailbox, tags all and copies them to a
    local mbox."""
    box = os.path.join(s.dir, "mutt.mbox")
    rc = os.path.join(s.dir, "muttrc")
    with open(rc, "w") as f:
        f.write("set imap_user=ann imap_pass=%s ssl_starttls=no\n"
                "set ssl_force_tls=no mbox_type=mbox confirmcreate=no\n"
                "set confirmappend=no move=no delete=no quit=yes\n"
                "set copy=no mail_check=0 wait_key=no folder=%s\n"
                "push '<tag-pattern>~A<enter><tag-prefix><copy-message>"
                "<kill-line>%s<enter><quit>'\n" % (suite.PASSWORD, s.dir, box))
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(HOME=s.dir, TERM="vt100")
        os.execvp("mutt", ["mutt", "-n", "-F", rc, "-R", "-f",
                           "imap://127.0.0.1:%d/INBOX" % s.imap_port])
    seen = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        seen = (seen + data)[-2000:]
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    n = len(mailbox.mbox(box))
    assert n >= 6046, (n, seen)


def envelopes_agree(s):
    """Each disagreement with Python's reading belongs to a class that
    mailcheck.py explains, and their counts are what is known."""
    c = s.client()
    c.ok("EXAMINE INBOX")
    classes = collections.Counter()
    for at in range(1, 6047, 500):
        a = c.ok("FETCH %d:%d (ENVELOPE BODYSTRUCTURE BODY.PEEK[])" % (
            at, min(at + 499, 6046)))
        for line in a.lines:
            for cls in mailcheck.compare_fetch(line):
                classes[cls] += 1
    mailcheck.assert_known(classes)
    sent_dates_agree(c)
    c.logout()


def sent_dates_agree(c):
    """SEARCH SENTON finds each mail on the day that its Date field names, by
    Python's reading: on every tenth day of those that occur."""
    days = collections.defaultdict(set)
    for line in c.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (DATE)]").lines:
        m = re.match(rb"\* (\d+) FETCH", line)
        d = re.search(rb"\r\nDate:(.*?)\r\n(?![ \t])", line, re.S | re.I)
        when = m and d and email.utils.parsedate(
            d.group(1).decode("latin-1"))
        if when and 1970 < when[0] < 2100:
            days[when[:3]].add(int(m.group(1)))
    assert len(days) > 200
    for (y, m, d), want in sorted(days.items())[::10]:
        a = c.ok("SEARCH SENTON %d-%s-%d" % (d, calendar.month_abbr[m], y))
        got = {int(x) for x in a.having("SEARCH")[0].split()[2:]}
        assert want <= got, (y, m, d, want - got)


@time_limit(1200)
@normal_only("takes 15 s")
def test_6046_mails_go_in_and_out_of_minio_with_mbsync():
    in_and_out("minio")


@time_limit(1200)
@normal_only("takes 15 s")
def test_6046_mails_go_in_and_out_of_the_file_store_with_mbsync():
    in_and_out("file")
