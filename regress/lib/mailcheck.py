"""ENVELOPE and BODYSTRUCTURE against an independent reading of the same
bytes by Python's email package.

compare_fetch(line) takes a FETCH response with ENVELOPE, BODYSTRUCTURE and
BODY[] and returns one class per disagreement. The classes, why each one is
right, and how often it occurs in the 6,046 mails are in KNOWN;
assert_known() holds a run against it."""

import email
import email.header
import email.policy
import email.utils
import re


# ---- IMAP's syntax -------------------------------------------------------

class Reader:
    """Values of an IMAP response: lists, None (NIL), ints and bytes; an
    atom is a str."""

    def __init__(self, data):
        self.d = data
        self.i = 0

    def skip(self):
        while self.i < len(self.d) and self.d[self.i:self.i + 1] in b" \r\n":
            self.i += 1

    def value(self):
        self.skip()
        c = self.d[self.i:self.i + 1]
        if c == b"(":
            return self.list()
        if c == b'"':
            return self.quoted()
        if c == b"{":
            return self.literal()
        return self.atom()

    def list(self):
        out = []
        self.i += 1
        while True:
            self.skip()
            if self.d[self.i:self.i + 1] == b")":
                self.i += 1
                return out
            if self.i >= len(self.d):
                raise ValueError("a list does not end")
            out.append(self.value())

    def quoted(self):
        out = bytearray()
        self.i += 1
        while self.d[self.i] != 0x22:
            if self.d[self.i] == 0x5c:
                self.i += 1
            out.append(self.d[self.i])
            self.i += 1
        self.i += 1
        return bytes(out)

    def literal(self):
        end = self.d.index(b"}\r\n", self.i)
        n = int(self.d[self.i + 1:end])
        start = end + 3
        if start + n > len(self.d):
            raise ValueError("a literal is cut")
        self.i = start + n
        return self.d[start:start + n]

    def atom(self):
        m = re.compile(rb"[^ ()\"{\r\n]+").match(self.d, self.i)
        if m is None:
            raise ValueError("no value at %r" % self.d[self.i:self.i + 20])
        self.i = m.end()
        word = m.group().decode("ascii")
        if word.upper() == "NIL":
            return None
        return int(word) if word.isdigit() else word


def parse_fetch(line):
    """The items of "* n FETCH (...)" as a dict by upper-case name."""
    m = re.match(rb"(?:\* )?\d+ FETCH ", line, re.I)
    items = Reader(line[m.end():] if m else line).value()
    return {str(items[i]).upper(): items[i + 1]
            for i in range(0, len(items), 2)}


# ---- Python's reading ----------------------------------------------------

def text(value):
    return value.encode("utf-8", "surrogateescape")


def field(msg, name):
    """The first field of that name, unfolded, trimmed; None: absent."""
    for key, value in msg.raw_items():
        if key.lower() == name:
            value = text(str(value))
            value = value.replace(b"\r\n", b"").replace(b"\n", b"")
            return value.strip(b" \t\r\n")
    return None


def fields(msg, name):
    """All fields of that name, as one list of addresses (RFC 5322, 4.5.3);
    of Sender the first counts."""
    if name == "sender":
        return field(msg, name)
    found = [text(str(v)).replace(b"\r\n", b"").replace(b"\n", b"")
             .strip(b" \t\r\n") for k, v in msg.raw_items()
             if k.lower() == name]
    return b", ".join(found) if found else None


def squeeze(value):
    return None if value is None else re.sub(rb"[\s\0]+", b" ", value)


# Newer Pythons, and older ones that were patched (Debian's), give up on a
# whole list with one broken address unless told otherwise.
LENIENT = {"strict": False} if getattr(
    email.utils, "supports_strict_parsing", False) else {}


def addresses(value):
    """Pairs of name and address as email.utils reads them."""
    out = []
    for name, addr in email.utils.getaddresses(
            [value.decode("utf-8", "surrogateescape")], **LENIENT):
        if name or addr:
            out.append((text(name), text(addr)))
    return out


def imap_addresses(lst):
    out = []
    for name, _route, mailbox, host in lst or []:
        if host is None:
            continue            # a group's beginning or end
        addr = mailbox + (b"@" + host if host else b"")
        out.append((name or b"", addr))
    return out


def norm_name(name):
    return re.sub(rb'[\s"\\]+', b" ", name).strip()


def norm_addr(addr):
    return re.sub(rb'[\s"\\]', b"", addr).lower()


def decoded_words(value):
    try:
        return str(email.header.make_header(email.header.decode_header(
            value.decode("latin-1"))))
    except (LookupError, ValueError, UnicodeError):
        return None


# ---- the comparison ------------------------------------------------------

BROKEN = re.compile(
    rb"<[^>]*[\s,][^>]*>|<[^>]*$|@[^,<>]*\s[^,<>(]|<<|>>|@[^,]*@"
    rb"|<[^>@]*:|(?:^|,)\s*\[|>[^,\s(]|@[^,<>]*\"")
ENVELOPE_LISTS = ["from", "sender", "reply-to", "to", "cc", "bcc"]


def compare_list(name, got, raw):
    ours = imap_addresses(got)
    theirs = addresses(raw)
    a = [norm_addr(x[1]) for x in ours]
    b = [norm_addr(x[1]) for x in theirs]
    if a != b:
        return [classify_addresses(name, raw, a, b)]
    out = []
    for mine, other in zip(ours, theirs):
        if norm_name(mine[0]) == norm_name(other[0]):
            continue
        if b"(" in raw:
            out.append("name: Python adds comments to a phrase")
        elif norm_name(mine[0]).replace(b" ", b"") == \
                norm_name(other[0]).replace(b" ", b""):
            out.append("name: white space")
        else:
            out.append("unexplained: name in %s: %r, Python has %r" % (
                name, mine[0], other[0]))
    return out


def classify_addresses(name, raw, a, b):
    if b":" in raw and b";" in raw:
        return "addresses: a group"
    if not re.search(rb"@", raw):
        return "addresses: no @ at all"
    if set(b) < set(a) or not b:
        return "addresses: Python gives up on the list"
    if BROKEN.search(raw):
        return "addresses: broken syntax"
    return "unexplained: addresses in %s %r: %r, Python has %r" % (
        name, raw, a, b)


def compare_date(got, raw):
    """The field as it is, and the moment that Python makes of it."""
    if squeeze(got) == squeeze(raw):
        return []
    return ["unexplained: date %r, Python has %r" % (got, raw)]


def compare_envelope(env, msg):
    out = []
    if len(env) != 10:
        return ["unexplained: envelope of %d fields" % len(env)]
    out += compare_date(env[0], field(msg, "date"))
    for i, name in ((1, "subject"), (8, "in-reply-to"), (9, "message-id")):
        raw = field(msg, name)
        if squeeze(env[i]) != squeeze(raw):
            out.append("unexplained: %s %r, Python has %r" % (
                name, env[i], raw))
        elif raw and decoded_words(env[i]) != decoded_words(raw):
            out.append("unexplained: encoded words of %s" % name)
    for i, name in enumerate(ENVELOPE_LISTS, 2):
        raw = fields(msg, name)
        if name in ("sender", "reply-to") and not imap_or_python(raw):
            if env[i] != env[2]:
                out.append("unexplained: %s is not From's" % name)
        else:
            out += compare_list(name, env[i], raw or b"")
    return out


def imap_or_python(raw):
    return bool(raw) and bool(re.search(rb"[^\s,;<>]", raw))


def octets(part):
    payload = part._payload     # get_payload() would convert its charset
    return payload.encode("utf-8", "surrogateescape") \
        if isinstance(payload, str) else b""


def leaf_type(part):
    return part.get_content_type().encode()


def has_defect(msg, name):
    return any(type(d).__name__ == name for p in msg.walk()
               for d in p.defects)


def compare_leaf(body, part, where):
    out = []
    ctype = (body[0] + b"/" + body[1]).lower()
    if ctype != leaf_type(part):
        out.append(classify_type(ctype, part, where))
    data = octets(part)
    if body[6] != len(data):
        out.append(classify_size(body[6], len(data), part, where))
    elif body[0].lower() == b"text" and body[7] != data.count(b"\n"):
        out.append("unexplained: %s has %r lines, Python has %d" % (
            where, body[7], data.count(b"\n")))
    enc = str(part.get("content-transfer-encoding", "7bit"))
    enc = enc.split(";")[0].strip().lower()
    if body[5].lower() != enc.encode("ascii", "replace"):
        out.append("encoding: not a single token"
                   if not re.fullmatch(r"[\w-]+", enc) else
                   "unexplained: %s encoding %r, Python has %r" % (
                       where, body[5], enc))
    return out + compare_params(body, part, where)


def compare_params(body, part, where):
    charset = None
    params = body[2] or []
    for i in range(0, len(params), 2):
        if params[i].lower() == b"charset":
            charset = params[i + 1].lower()
    try:
        theirs = part.get_param("charset")
    except (ValueError, TypeError):
        return []
    if isinstance(theirs, tuple):
        return []
    theirs = text(theirs).lower().strip() if theirs else b"us-ascii"
    if charset is None or charset == theirs:
        return []
    if charset == b"us-ascii" and body[0].lower() == b"text":
        return ["charset: an empty or broken Content-Type"]
    return ["unexplained: %s charset %r, Python has %r" % (
        where, charset, theirs)]


def classify_type(ctype, part, where):
    if part.get_content_maintype() == "multipart":
        return "type: a multipart without parts is shown as text"
    if leaf_type(part).split()[0] == ctype:
        return "type: rubbish behind the subtype"
    return "unexplained: %s is %r, Python has %r" % (
        where, ctype, leaf_type(part))


def classify_size(ours, theirs, part, where):
    for d in part.defects:
        if type(d).__name__ == "MissingHeaderBodySeparatorDefect":
            return "size: Python ends a header at a malformed line"
    if part.get_content_maintype() == "multipart":
        return "size: a multipart without parts is shown as text"
    if ours == theirs + 2 and where.count(".") > 0 and \
            has_defect(part.pail_root, "CloseBoundaryNotFoundDefect"):
        return "size: without a last boundary the line end is the part's"
    return "unexplained: %s has %d octets, Python has %d" % (
        where, ours, theirs)


def compare_structure(body, part, where="1"):
    if isinstance(body[0], list):
        return compare_multipart(body, part, where)
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        out = []
        inner = part.get_payload(0)
        if (body[0].lower(), body[1].lower()) != (b"message", b"rfc822"):
            return ["unexplained: %s is no message/rfc822" % where]
        out += compare_envelope(body[7], inner)
        return out + compare_structure(body[8], inner, where + ".1")
    if part.is_multipart():
        if part.get_content_type().startswith("message/"):
            return ["type: Python parses inside every message/*"]
        return ["unexplained: %s: Python sees %d parts" % (
            where, len(part.get_payload()))]
    return compare_leaf(body, part, where)


def compare_multipart(body, part, where):
    n = next(i for i, x in enumerate(body) if not isinstance(x, list))
    kids = body[:n]
    if not part.is_multipart():
        return ["unexplained: %s: Python sees no parts" % where]
    theirs = part.get_payload()
    out = []
    if body[n].lower() != part.get_content_subtype().encode():
        out.append("unexplained: %s is multipart/%r" % (where, body[n]))
    if len(kids) != len(theirs):
        return out + ["unexplained: %s has %d parts, Python sees %d" % (
            where, len(kids), len(theirs))]
    for i, (kid, other) in enumerate(zip(kids, theirs), 1):
        out += compare_structure(kid, other, "%s.%d" % (where, i))
    return out


def compare(envelope, structure, raw):
    """The classes of all disagreements, envelope and structure parsed."""
    msg = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in msg.walk():
        part.pail_root = msg
    out = compare_envelope(envelope, msg)
    return out + compare_structure(structure, msg)


def compare_fetch(line):
    items = parse_fetch(line)
    return compare(items["ENVELOPE"], items["BODYSTRUCTURE"],
                   items["BODY[]"])


# What is known of the 6,046 mails: class -> (how often, why ours is right).
KNOWN = {
    "size: without a last boundary the line end is the part's":
        (50, "Cut mail: the last line end precedes no boundary (RFC 2046, "
             "5.1.1), so it is content; Python takes it off."),
    "addresses: broken syntax":
        (46, "Brackets or backquotes where none may be, text behind the "
             "bracket, two @: we show one address, Python several halves. "
             "29 are <Undisclosed Recipients@...>: white space joins nothing, "
             "so the mailbox is the last word; Python keeps both."),
    "addresses: no @ at all":
        (11, "Names without a domain: we give each as a mailbox with an "
             "empty host; Python joins or drops words."),
    "addresses: a group":
        (10, "getaddresses() has no groups, or trips over broken ones; "
             "IMAP shows their beginning and end."),
    "name: Python adds comments to a phrase":
        (3, "A comment is a name only where no phrase is."),
    "type: Python parses inside every message/*":
        (3, "message/delivery-status is a leaf in IMAP."),
    "type: a multipart without parts is shown as text":
        (2, "IMAP has no multipart without parts: the text stays legible."),
    "type: rubbish behind the subtype":
        (1, "\"text/plain charset=...\" without its semicolon."),
}


def assert_known(classes):
    """classes: a Counter of what compare_fetch() gave for all mails."""
    wrong = []
    for cls in sorted(set(classes) | set(KNOWN)):
        want = KNOWN[cls][0] if cls in KNOWN else 0
        if classes[cls] != want:
            wrong.append("%d (known: %d): %s" % (classes[cls], want, cls))
    assert not wrong, "\n".join(wrong)
