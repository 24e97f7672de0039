"""Mail as seen in the wild, over IMAP: how ENVELOPE, BODYSTRUCTURE and SEARCH
treat addresses, long fields, boundaries, charsets and NULs."""

import base64
import re

import mailcheck
import suite


def addresses(value):
    """An ENVELOPE's list: "name <mailbox@host>" of each."""
    out = []
    for name, _route, mailbox, host in value or []:
        a = b"%s@%s" % (mailbox or b"", host or b"")
        out.append((b"%s <%s>" % (name, a) if name else a).decode("latin-1"))
    return out


class Box:
    """A mailbox that is filled and asked."""

    def __init__(self, s):
        self.c = s.client()
        self.c.ok("CREATE people")
        self.c.ok("SELECT people")
        self.n = 0

    def add(self, header, body=b"x\r\n"):
        """The number of the message that was put there."""
        if isinstance(header, str):
            header = header.encode("latin-1")
        self.c.ok("APPEND people", header.replace(b"\n", b"\r\n") +
                  b"\r\n\r\n" + body)
        self.n += 1
        return self.n

    def fetch(self, n, item):
        lines = self.c.ok("FETCH %d (%s)" % (n, item)).lines
        assert len(lines) == 1, lines
        return mailcheck.parse_fetch(lines[0])

    def envelope(self, n):
        return self.fetch(n, "ENVELOPE")["ENVELOPE"]

    def search(self, keys, text=None):
        """The numbers found; text goes as a UTF-8 literal behind keys."""
        if text is None:
            a = self.c.ok("SEARCH " + keys)
        else:
            a = self.c.ok("SEARCH CHARSET UTF-8 " + keys, text.encode())
        return [int(x) for x in a.having("SEARCH")[0].split()[2:]]


def filled(s, rows):
    """A Box with the header of each row."""
    box = Box(s)
    for row in rows:
        box.add(row[0])
    return box


SEVERAL = [
    # header, where in the ENVELOPE, what stands there, key and word found
    ("To: a@x.example\nTo: b@x.example", 5,
     ["a@x.example", "b@x.example"], "TO b@x"),
    ("Cc: A <a@x.example>\nSubject: s\ncc: b@x.example\nCC: c@x.example", 6,
     ["A <a@x.example>", "b@x.example", "c@x.example"], "CC c@x"),
    ("Bcc: a@x.example\nBcc:\nBcc: b@x.example", 7,
     ["a@x.example", "b@x.example"], "BCC b@x"),
    ("From: a@x.example\nFrom: B <b@x.example>", 2,
     ["a@x.example", "B <b@x.example>"], "FROM b@x"),
    ("From: f@x\nReply-To: a@x.example\nReply-To: b@x.example", 4,
     ["a@x.example", "b@x.example"], "HEADER Reply-To b@x"),
    # a broken field does not spoil the next
    ("To: \"A <a@x.example>\nTo: b@x.example", 5,
     ["A <a@x.example>", "b@x.example"], "TO b@x"),
    ("Sender: a@x.example\nSender: b@x.example", 3, ["a@x.example"],
     "HEADER Sender b@x"),
]


def test_several_to_cc_bcc_from_and_reply_to_fields_count_as_one():
    with suite.Suite() as s:
        box = filled(s, SEVERAL)
        for n, (_, at, want, key) in enumerate(SEVERAL, 1):
            got = addresses(box.envelope(n)[at])
            assert got == want, (n, got, want)
            assert n in box.search(key), (n, key)
        # inside another message too
        n = box.add(b"Content-Type: message/rfc822",
                    b"To: a@x.example\r\nTo: b@x.example\r\n\r\nx\r\n")
        inner = box.fetch(n, "BODYSTRUCTURE")["BODYSTRUCTURE"][7]
        assert addresses(inner[5]) == ["a@x.example", "b@x.example"], inner


RECOVERED = [
    ("From: \"Tan Name,<dt@x.example>", ["Tan Name <dt@x.example>"]),
    ("From: a@x.example; b@x.example", ["a@x.example", "b@x.example"]),
    ("From: foo@x.example Foo Bar", ["Foo Bar <foo@x.example>"]),
    ("From: a@x.example,, b@x.example", ["a@x.example", "b@x.example"]),
    ("From: A <a@x.example, B <b@x.example>",
     ["A <a@x.example>", "B <b@x.example>"]),
    ("From: <<a@x.example>>", ["a@x.example"]),
    ("From: a@x.example b@x.example", ["a@x.example", "b@x.example"]),
    ("From: <@r.example,@s.example:a@x.example>", ["a@x.example"]),
    ("From: G: a@x.example, H: b@x.example",
     ["G@", "a@x.example", "@", "H@", "b@x.example", "@"]),
    ("From: a@x.example (a comment, b@x.example",
     ["a comment <a@x.example>", "b@x.example"]),
    ("From: J\xf6rg M\xfcller <a@x.example>", ["J\xf6rg M\xfcller "
                                              "<a@x.example>"]),
    ("From: =?utf-8?q?Doe,_J?= <a@x.example>",
     ["=?utf-8?q?Doe,_J?= <a@x.example>"]),
    ("From: Undisclosed Recipients <a b@x.example>",
     ["Undisclosed Recipients <b@x.example>"]),
]


def test_addresses_are_found_in_broken_fields_and_never_joined():
    with suite.Suite() as s:
        box = filled(s, RECOVERED)
        wrong = []
        for n, (header, want) in enumerate(RECOVERED, 1):
            got = addresses(box.envelope(n)[2])
            if got != want:
                wrong.append("%r: %s" % (header, got))
            # what SEARCH finds is what ENVELOPE shows
            for a in want:
                m = re.search(r"[^ <]+@x.example", a)
                if m and n not in box.search("FROM \"<%s>\"" % m.group()):
                    wrong.append("%r: %s is not found" % (header, m.group()))
        assert not wrong, "\n".join(wrong)


def many(name, n):
    return "%s: " % name + ",\n ".join(
        "Person Number %d <person.%d@some-domain.example>" % (i, i)
        for i in range(n))


def test_a_to_of_10000_addresses_and_a_long_subject_are_whole():
    """Where the digest's limit cuts, the header is read."""
    with suite.Suite() as s:
        box = Box(s)
        small = box.add("To: a@x.example\nSubject: small")
        for n in (1000, 10000):
            m = box.add(many("To", n) + "\nSubject: s")
            to = box.envelope(m)[5]
            assert len(to) == n, len(to)
            assert to[-1][2] == b"person.%d" % (n - 1)
            assert box.search("TO person.%d@some" % (n - 1))[-1] == m
            # with octets beside it, and several messages in order
            a = box.c.ok("FETCH %d:%d (UID BODY.PEEK[TEXT] ENVELOPE)"
                         % (small, m))
            assert [len(mailcheck.parse_fetch(x)["ENVELOPE"][5])
                    for x in a.lines][-1] == n
            a = box.c.ok("FETCH 1:* (ENVELOPE BODY.PEEK[])")
            assert len(a.lines) == m
            last = mailcheck.parse_fetch(a.lines[-1])
            assert len(last["ENVELOPE"][5]) == n
            assert b"person.0@" in last["BODY[]"]
        words = " ".join("word%d" % i for i in range(30000))
        m = box.add("To: b@x.example\nSubject: " +
                    words.replace(" word100 ", "\n word100 "))
        assert box.envelope(m)[1] == words.encode()
        assert box.search("SUBJECT word29999") == [m]
        assert box.search("HEADER Subject word29998 TO b@x") == [m]
        assert box.search("NOT SUBJECT word29999") == list(range(1, m))
        assert box.search("SUBJECT word29999 BODY x") == [m]
        assert box.search("SUBJECT word30000") == []
        # all Subject fields for HEADER, the first for SUBJECT
        m = box.add("Subject: one\nSubject: two")
        assert box.search("HEADER Subject two") == [m]
        assert box.search("SUBJECT two") == []
        # a message inside
        m = box.add("Content-Type: message/rfc822",
                    (many("To", 1000) + "\n\n").replace(
                        "\n", "\r\n").encode())
        inner = box.fetch(m, "BODYSTRUCTURE")["BODYSTRUCTURE"][7]
        assert len(inner[5]) == 1000, len(inner[5])


NUL = b"Subject: a\0b\r\n\r\nx\0y\r\n"


def test_a_message_with_nuls_is_refused_or_kept_without_them():
    """RFC 3501, section 4.3: no literal holds a NUL."""
    with suite.Suite() as s:
        c = s.client()
        for mail in (NUL, b"a: b\r\n\r\n" + b"x" * 200000 + b"\0",
                     b"\0" * 100000):
            a = c.cmd("APPEND INBOX", mail)
            assert a.status == "NO" and b"NUL" in a.text, a
        # all or nothing, and the connection goes on
        c.send(b"m APPEND INBOX {%d+}\r\n%s {%d+}\r\n%s\r\n" % (
            len(NUL.replace(b"\0", b"")), NUL.replace(b"\0", b""),
            len(NUL), NUL))
        assert c.finish("m").status == "NO"
        assert c.ok("STATUS INBOX (MESSAGES)").lines == [
            b"* STATUS INBOX (MESSAGES 0)"]
        r = s.ctl("deliver", "ann", input=NUL, check=False)
        assert r.returncode != 0 and b"NUL" in r.stderr, r
    with suite.Suite(append_nul="replace") as s:
        c = s.client()
        c.ok("APPEND INBOX", NUL)
        s.ctl("deliver", "ann", input=NUL)
        c.ok("SELECT INBOX")
        for n in (1, 2):
            a = c.ok("FETCH %d (RFC822.SIZE BODY.PEEK[])" % n)
            f = mailcheck.parse_fetch(a.lines[0])
            want = NUL.replace(b"\0", b"\x80")
            assert f["BODY[]"].endswith(want), a
            assert f["RFC822.SIZE"] == len(f["BODY[]"]), a


BOUNDARIES = [
    # the parameter, the boundary in the body's lines
    (b"boundary=a b", b"a b"),
    (b"boundary=a(b)c", b"a(b)c"),
    (b"boundary*=us-ascii''ab%20cd", b"ab cd"),
    (b"boundary*0*=''ab%20; boundary*1=cd", b"ab cd"),
    (b'boundary="ab "', b"ab "),
    (b'boundary="ab "', b"ab"),
    (b'boundary="ab', b"ab"),
    (b"charset=utf-8 boundary=ab", b"ab"),
]


def test_a_boundary_with_spaces_brackets_or_percents_finds_its_parts():
    with suite.Suite() as s:
        box, wrong = Box(s), []
        for param, line in BOUNDARIES:
            n = box.add(b"Content-Type: multipart/mixed; " + param,
                        b"--%s\r\n\r\none\r\n--%s\r\n\r\ntwo\r\n--%s--\r\nend\r\n"
                        % (line, line, line))
            parts = box.fetch(n, "BODYSTRUCTURE")["BODYSTRUCTURE"]
            if len([x for x in parts if isinstance(x, list) and
                    isinstance(x[0], bytes)
                    and x[0].lower() == b"text"]) != 2:
                wrong.append("%s: %r" % (param, parts))
                continue
            f = box.fetch(n, "BODY.PEEK[2]")
            if f["BODY[2]"] != b"two":
                wrong.append("%s: %r" % (param, f))
        assert not wrong, "\n".join(wrong)


NAMES = [
    (b"filename=my file.pdf", b"my file.pdf"),
    (b"filename=my file (1).pdf; size=3", b"my file (1).pdf"),
    (b"filename=my file.pdf (the last)", b"my file.pdf"),
    (b'filename="my file.pdf', b"my file.pdf"),
]


def test_an_unquoted_file_name_is_whole():
    with suite.Suite() as s:
        box = Box(s)
        for param, want in NAMES:
            n = box.add(b"Content-Type: application/pdf; " +
                        param.replace(b"filename", b"name") +
                        b"\nContent-Disposition: attachment; " + param)
            got = box.fetch(n, "BODYSTRUCTURE")["BODYSTRUCTURE"]
            assert got[2][:2] == [b"name", want], (param, got)
            assert got[8][1][:2] == [b"filename", want], (param, got)


# label, Python's codec, a text, a word of it
CHARSETS = [
    ("iso-2022-kr", "iso2022_kr", "\uc548\ub155 \uc138\uacc4", "\uc138\uacc4"),
    ("iso-8859-11", "iso8859_11", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
     "\u0e14\u0e35"),
    ("IBM852", "cp852", "P\u0159\xedli\u0161 \u017elu\u0165",
     "p\u0159\xedli\u0161"),
    ("tis-620", "tis_620", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
     "\u0e14\u0e35"),
    ("windows-874", "cp874", "\u0e2a\u0e27\u0e31\u0e2a", "\u0e27\u0e31"),
    ("euc-kr", "euc_kr", "\uc548\ub155 \uc138\uacc4", "\uc138\uacc4"),
    ("ks_c_5601-1987", "cp949", "\ub620\ubc29\uac01", "\ubc29\uac01"),
    ("iso-2022-jp", "iso2022_jp", "\u3053\u3093\u306b\u3061\u306f",
     "\u306b\u3061"),
    ("shift_jis", "shift_jis", "\u8868\u3053\u3093", "\u8868\u3053"),
    ("cp932", "cp932", "\u2460\u3053\u3093", "\u2460\u3053"),
    ("euc-jp", "euc_jp", "\u3053\u3093\u4e02", "\u3093\u4e02"),
    ("gb2312", "gb2312", "\u4f60\u597d", "\u597d"),
    ("gbk", "gbk", "\u4e02\u4f60", "\u4e02"),
    ("gb18030", "gb18030", "\u4f60\xa5\U00020000", "\xa5\U00020000"),
    ("hz-gb-2312", "hz", "\u4f60\u597d", "\u597d"),
    ("big5", "big5", "\u4f60\u597d\u8a31", "\u597d\u8a31"),
    ("big5-hkscs", "big5hkscs", "\u4f60\u5514\U00027bef", "\U00027bef"),
    ("utf-7", "utf_7", "\u4f60 + \xe4\U0001f600", "\xe4\U0001f600"),
    ("utf-16be", "utf_16_be", "\u4f60\u597d", "\u597d"),
    ("koi8-r", "koi8_r", "\u041f\u0440\u0438\u0432\u0435\u0442",
     "\u043f\u0440\u0438\u0432"),
    ("koi8-u", "koi8_u", "\u041f\u0440\u0438\u0432\u0456\u0442",
     "\u0456\u0442"),
    ("ibm866", "cp866", "\u041f\u0440\u0438\u0432\u0435\u0442",
     "\u0432\u0435\u0442"),
    ("x-mac-roman", "mac_roman", "J\xf6rg \u03c0", "j\xf6rg \u03c0"),
    ("x-mac-ce", "mac_latin2", "P\u0159\xedli\u0161", "\u0159\xed"),
    ("ibm850", "cp850", "J\xf6rg", "j\xf6rg"),
] + [("windows-%d" % n, "cp%d" % n, t, t[1:]) for n, t in (
    (1250, "\u0158\xed\u0161"), (1251, "\u041f\u0440\u0438"),
    (1252, "\u20ac \xe4"), (1253, "\u0391\u03b2\u03b3"),
    (1254, "\u011f\u0131"), (1255, "\u05d0\u05d1"),
    (1256, "\u0627\u0628"), (1257, "\u0105\u010d"), (1258, "\u0111\u20ab"),
)] + [("iso-8859-%d" % n, "iso8859_%d" % n, t, t[1:]) for n, t in (
    (1, "J\xf6"), (2, "P\u0159\xed"), (3, "\u0127\u0109"), (4, "\u0101\u0113"),
    (5, "\u041f\u0440\u0438"), (6, "\u0627\u0628"), (7, "\u0391\u03b2"),
    (8, "\u05d0\u05d1"), (9, "\u011f\u0131"), (10, "\u0101\u0113"),
    (13, "\u0105\u010d"), (14, "\u1e03\u0175"), (15, "\u20ac\u0153"),
    (16, "\u0219\u021b"))]

# octets, label (None: none at all), what is found, what is not
MISLABELLED = [
    ("J\xf6rg".encode(), "us-ascii", "j\xf6rg"),
    ("J\xf6rg".encode(), "iso-8859-1", "j\xf6rg"),
    ("J\xf6rg \u20ac".encode(), "windows-1252", "\xf6rg \u20ac"),
    ("J\xf6rg".encode(), None, "j\xf6rg"),
    ("\u041f\u0440\u0438\u0432\u0435\u0442".encode(), "koi8-r",
     "\u0432\u0435\u0442"),
    ("J\xf6rg".encode("latin-1"), None, "j\xf6rg"),
    ("NESCAF\xc9\xae".encode("latin-1"), "iso-8859-1", "caf\xe9\xae"),
    ("\u3053\u3093\u306b".encode("iso2022_jp"), None, "\u3093\u306b"),
    ("\u3053\u3093\u306b".encode("iso2022_jp"), "us-ascii", "\u3093\u306b"),
    ("\u3053\u3093\u306b".encode("iso2022_jp"), "utf-8", "\u3093\u306b"),
]


def body_of(label, raw):
    head = b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n" \
           b"Content-Type: text/plain"
    if label is not None:
        head += b"; charset=" + label.encode()
    return head, base64.encodebytes(raw + b"\r\n").replace(b"\n", b"\r\n")


def test_search_decodes_the_charsets_of_mail():
    """In bodies, and in encoded words; SEARCH is asked in UTF-8."""
    with suite.Suite() as s:
        box, wrong = Box(s), []
        for label, codec, text, word in CHARSETS:
            raw = text.encode(codec)
            head, body = body_of(label, raw)
            n = box.add(head, body)
            if n not in box.search("BODY", word):
                wrong.append("%s: the body" % label)
            n = box.add(b"Subject: x =?%s?B?%s?= y" % (
                label.encode(), base64.b64encode(raw)))
            if n not in box.search("SUBJECT", word):
                wrong.append("%s: an encoded word" % label)
        assert not wrong, "\n".join(wrong)
        # what a client may ask in
        raw = "\uc138\uacc4".encode("euc_kr")
        assert box.c.ok("SEARCH CHARSET KS_C_5601-1987 BODY", raw).having(
            "SEARCH")[0].split()[2:]
        a = box.c.cmd("SEARCH CHARSET X-KLINGON BODY x")
        assert a.status == "NO" and b"ISO-2022-KR" in a.text, a


def test_utf8_and_iso_2022_jp_are_recognised_under_any_name():
    with suite.Suite() as s:
        box, wrong = Box(s), []
        for raw, label, word in MISLABELLED:
            n = box.add(*body_of(label, raw))
            if n not in box.search("BODY", word):
                wrong.append("%r as %s: the body" % (raw, label))
            if label is None:
                n = box.add(b"Subject: x " + raw)
                if n not in box.search("SUBJECT", word) or \
                        n not in box.search("HEADER Subject", word):
                    wrong.append("%r: a raw subject" % raw)
            else:
                n = box.add(b"Subject: =?%s?B?%s?=" % (
                    label.encode(), base64.b64encode(raw)))
                if n not in box.search("SUBJECT", word):
                    wrong.append("%r as %s: a word" % (raw, label))
        assert not wrong, "\n".join(wrong)
