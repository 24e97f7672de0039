"""Messages that no mail program should produce: (what, octets). All are
accepted and returned octet by octet (NULs as 0x80, with append-nul: replace);
the responses about them are well formed."""

import base64
import os
import random


def header(*lines):
    return b"".join(x + b"\r\n" for x in
                    (b"From: a@example.org", b"Subject: needle") + lines)


def plain(*lines, body=b"Hello\r\n"):
    return header(*lines) + b"\r\n" + body


def nested(depth):
    """multipart in multipart; each boundary differs."""
    top = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
        % (i, i) for i in range(depth))
    return header() + top + b"\r\ndeep\r\n" + b"".join(
        b"--b%d--\r\n" % i for i in reversed(range(depth)))


def nested_messages(depth):
    return header() + b"".join(
        b"Content-Type: message/rfc822\r\n\r\nSubject: m%d\r\n" % i
        for i in range(depth)) + b"\r\ndeep\r\n"


def parts(n):
    return header(b"Content-Type: multipart/mixed; boundary=b") + b"\r\n" + \
        b"".join(b"--b\r\n\r\n%d\r\n" % i for i in range(n)) + b"--b--\r\n"


def multipart(body, boundary=b"b"):
    return header(b'Content-Type: multipart/mixed; boundary="' + boundary +
                  b'"') + b"\r\n" + body


def random_octets(seed, n):
    return random.Random(seed).randbytes(n)


def mutated(seed):
    """A sound mail with a hundred octets changed."""
    r = random.Random(seed)
    m = bytearray(multipart(
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + plain() +
        b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--b--\r\n"))
    for _ in range(40):
        m[r.randrange(len(m))] = r.choice(b'\0\r\n\t ";:=()<>,\xff-')
    return bytes(m)


def text(encoding, body, charset=b"utf-8"):
    return plain(b"MIME-Version: 1.0",
                 b"Content-Type: text/plain; charset=" + charset,
                 b"Content-Transfer-Encoding: " + encoding, body=body)


MAILS = [
    ("one octet", lambda: b"x"),
    ("an empty line", lambda: b"\r\n"),
    ("a header without an end", lambda: b"Subject: x"),
    ("a body without a header", lambda: b"\r\nHello\r\n"),
    ("no final newline", lambda: plain(body=b"Hello")),
    ("a NUL in the header", lambda: plain(b"X: a\0b")),
    ("NULs in addresses and dates", lambda: plain(
        b"To: a\0b <c@\0d>, \0, e@f\0", b"Date: Mon\0, 2 Nov 2026",
        b"Message-ID: <a\0b@c>", b"References: <\0> <a@b>\0",
        b"Content-Type: text\0/plain; charset=\0; \0=x")),
    ("a NUL in the body", lambda: plain(body=b"a\0b\r\n")),
    ("a megabyte of NULs", lambda: b"\0" * 1000000),
    ("bare LF", lambda: plain(body=b"a\nb\n").replace(b"\r\n", b"\n")),
    ("bare CR", lambda: plain(body=b"a\rb\r").replace(b"\r\n", b"\r")),
    ("CR CR LF", lambda: plain(body=b"a\r\r\nb\r\r\n")),
    ("LF CR", lambda: plain(body=b"a\n\rb\n\r")),
    ("a megabyte of CR", lambda: b"\r" * 1000000),
    ("a megabyte of LF", lambda: b"\n" * 1000000),
    ("a line of 5 MB", lambda: plain(body=b"a" * 5000000 + b"\r\n")),
    ("a header of 10 MB in one field", lambda: plain(
        b"X-Long: " + b"a" * 10000000)),
    ("a header of 10 MB folded", lambda: plain(
        b"To: " + b",\r\n ".join([b"a@example.org"] * 600000))),
    ("a header of 500,000 fields", lambda: plain(
        *[b"X-%d: a" % i for i in range(500000)])),
    ("a subject of 1 MB", lambda: plain(b"Subject: " + b"s" * 1000000)),
    ("20,000 encoded words", lambda: plain(
        b"Subject: " + b"\r\n ".join([b"=?utf-8?b?w6Q=?="] * 20000))),
    ("10,000 References", lambda: plain(
        b"References: " + b"\r\n ".join(
            b"<%d@example.org>" % i for i in range(10000)))),
    ("10,000 parentheses in an address", lambda: plain(
        b"To: " + b"(" * 10000 + b"a@b")),
    ("10,000 angle brackets", lambda: plain(b"To: " + b"<" * 10000)),
    ("10,000 groups", lambda: plain(b"To: " + b"g:" * 10000)),
    ("quotes that never end", lambda: plain(b'To: "' + b'\\"' * 50000)),
    ("a field without a name", lambda: plain(b": x")),
    ("a field without a colon", lambda: plain(b"nonsense")),
    ("a field name with spaces", lambda: plain(b"a b c : x")),
    ("a header that begins with a fold", lambda: b" x\r\n" + plain()),
    ("8-bit in the header", lambda: plain(
        b"Subject: \xe4\xf6\xfc", b"From: \xff\xfe <\x80@\x81>")),
    ("UTF-8 in the header", lambda: plain("Subject: äöü€😀".encode())),
    ("broken UTF-8", lambda: plain(b"Subject: \xc3(\xa0\xf8\xed\xa0\x80")),
    ("broken encoded words", lambda: plain(
        b"Subject: =?utf-8?q?a=?= =?utf-8?b?###?= =??q?x?= =?a?b?c?="
        b" =?utf-8?q?=ZZ=4?= =?utf-8?x?y?= =?")),
    ("an unknown charset in an encoded word", lambda: plain(
        b"Subject: =?x-klingon?q?Qapla'?=")),
    ("an unknown charset in the body", lambda: text(
        b"8bit", b"\x80\x81needle\xff\r\n", b"x-klingon")),
    ("a charset of 1,000 octets", lambda: text(
        b"8bit", b"x\r\n", b"c" * 1000)),
    ("a charset that is a path", lambda: text(
        b"8bit", b"x\r\n", b"../../../../tmp/x//TRANSLIT")),
    ("UTF-16 that is cut", lambda: text(
        b"base64", base64.b64encode("äöü".encode("utf-16")[:-1]),
        b"utf-16")),
    ("ISO-2022-JP that shifts without end", lambda: text(
        b"7bit", b"\x1b$B" * 100000, b"iso-2022-jp")),
    ("UTF-7", lambda: text(b"7bit", b"+AAA" * 100000, b"utf-7")),
    ("broken base64", lambda: text(b"base64", b"YW=Jj!!\0\xff====YWJj\r\n")),
    ("base64 without an end", lambda: text(b"base64", b"YWJ")),
    ("base64 of one line of 4 MB", lambda: text(
        b"base64", base64.b64encode(os.urandom(3000000)))),
    ("broken quoted-printable", lambda: text(
        b"quoted-printable", b"=\r\n=4\r\n=ZZ==\r\n=")),
    ("quoted-printable of 3 MB of white space", lambda: text(
        b"quoted-printable", b" \t" * 1500000 + b"\r\n")),
    ("an unknown encoding", lambda: text(b"rot13", b"uryyb\r\n")),
    ("base64 of a multipart", lambda: multipart(
        b"--b\r\n\r\nx\r\n--b--\r\n").replace(
            b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            1)),
    ("a boundary that is missing", lambda: header(
        b"Content-Type: multipart/mixed") + b"\r\n--b\r\n\r\nx\r\n--b--"),
    ("an empty boundary", lambda: multipart(b"--\r\n\r\nx\r\n----", b"")),
    ("a boundary of 100,000 octets", lambda: multipart(
        b"--" + b"b" * 100000 + b"\r\n\r\nx\r\n", b"b" * 100000)),
    ("a boundary that never comes", lambda: multipart(b"Hello\r\n")),
    ("a boundary that never ends", lambda: multipart(b"--b\r\n\r\nx\r\n")),
    ("a boundary that ends at once", lambda: multipart(b"--b--\r\n")),
    ("a part without a header's end", lambda: multipart(b"--b\r\nX: y")),
    ("the boundary inside and outside the same", lambda: multipart(
        b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"\r\nx\r\n--b--\r\n--b--\r\n")),
    ("a boundary that begins another", lambda: multipart(
        b"--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n"
        b"\r\nx\r\n--bb--\r\n--b--\r\n")),
    ("1,000,000 lines that look like boundaries", lambda: multipart(
        b"--a\r\n" * 1000000)),
    ("types without sense", lambda: plain(
        b"Content-Type: ////;;;===;\"", b"Content-Disposition: ;",
        b"Content-Language: ,,,", b"Content-ID: <", b"Content-MD5:")),
    ("two Content-Types", lambda: plain(
        b"Content-Type: text/html", b"Content-Type: image/png")),
    ("10,000 parameters", lambda: plain(
        b"Content-Type: text/plain" + b"".join(
            b";\r\n p%d=v" % i for i in range(10000)))),
    ("10,000 pieces of one parameter", lambda: plain(
        b"Content-Type: text/plain" + b"".join(
            b";\r\n p*%d*=%%41" % i for i in range(10000)))),
    ("pieces of a parameter out of order", lambda: plain(
        b"Content-Type: text/plain; n*2=c; n*0*=utf-8''a%; n*1=%ZZ; n*0=x;"
        b" n*99999999999999999999=y; n*-1=z")),
    ("dates without sense", lambda: plain(
        b"Date: Xxx, 99 Foo 99999999999999999999 99:99:99 +9999999")),
    ("a date of the year 0", lambda: plain(
        b"Date: Mon, 0 Jan 0000 00:00:00 -0000")),
    ("multiparts 10,000 deep", lambda: nested(10000)),
    ("messages 10,000 deep", lambda: nested_messages(10000)),
    ("multiparts 99 deep", lambda: nested(99)),
    ("multiparts 101 deep", lambda: nested(101)),
    ("100,000 parts", lambda: parts(100000)),
    ("9,999 parts", lambda: parts(9999)),
    ("IMAP in the header", lambda: plain(
        b'Subject: ") {5}', b'To: "a\\" {3}" <b@"c) FETCH (">',
        b"Message-ID: {99999}")),
    ("all octets", lambda: plain(b"X: " + bytes(
        x for x in range(256) if x not in (10, 13)),
        body=bytes(range(256)) * 100)),
    ("random octets", lambda: random_octets(1, 2000000)),
] + [("a mail that was scratched, %d" % i, lambda i=i: mutated(i))
     for i in range(20)]
