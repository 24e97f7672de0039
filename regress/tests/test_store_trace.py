"""At level debug, each request to the store has one line in the log."""

import re

import proc
import s3proxy
import suite
from mails import text_mail

LINE = re.compile(
    r"s3: method=(\w+) key=(\S*) status=(\d+)( x-amz-request-id=\S+)?"
    r"( x-amz-id-2=\S+)? try=(\d+) out=(\d+) in=(\d+) connection=(new|kept) "
    r"queue_ms=\d+ name_ms=\d+ connect_ms=\d+ tls_ms=\d+ first_ms=\d+ "
    r"ms=\d+( why=\".*?\")?(?: session=\w+)?(?: trace=\S+)?"
    r"(?: others=\d+)?$", re.M)


def lines(s):
    return [m.groups() for m in LINE.finditer(s.log_text())]


def test_each_request_has_one_line_and_no_secret_is_in_it():
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    proxy.log = []
    s = suite.Suite((proxy, bucket), log="{level: debug, to: stderr}")
    with s:
        c = s.client()
        c.append("INBOX", text_mail(1) + b"x" * 5000)
        c.ok("SELECT INBOX")
        c.logout()
    seen = [(m, t) for m, t, _ in proxy.log if t != "/"]
    rows = lines(s)
    assert len(rows) == len(seen), (len(rows), len(seen))
    for method in ("GET", "PUT", "HEAD"):
        assert len([x for x in rows if x[0] == method]) == \
            len([x for x in seen if x[0] == method]), method
    assert {x[2] for x in rows} >= {"200", "404"}, rows
    # MinIO has both ids; what it was sent is in "out", its answer in "in".
    assert all(x[3] and x[4] for x in rows), rows
    assert any(x[0] == "PUT" and int(x[6]) > 5000 for x in rows), rows
    assert all(int(x[6]) > 200 and int(x[7]) > 100 for x in rows), rows
    assert {"new", "kept"} == {x[8] for x in rows}, rows
    text = s.log_text()
    for secret in (server.secret, "Signature=", "Authorization"):
        assert secret not in text, secret
    proxy.close()


def test_a_request_without_an_answer_has_a_line_that_says_why():
    server, bucket = suite.store("counted")
    proxy = s3proxy.Proxy(server)
    with suite.Suite((proxy, bucket),
                     log="{level: debug, to: stderr}") as s:
        c = s.client()
        c.ok("SELECT INBOX")
        proxy.faults(s3proxy.Fault("drop-before", methods=("PUT",)))
        tag = c.start("APPEND INBOX", text_mail(1))
        proc.await_true("its line", lambda: any(
            x[0] == "PUT" and x[2] == "0" and x[9] for x in lines(s)))
        proxy.faults()
        assert c.finish(tag).status == "OK"
    proxy.close()
