"""pailctl --json: whatever the command and however it ends, standard output is
one JSON document, with the exit status that the text form has; and the text
form is as it was."""

import json
import os
import subprocess

import imapc
import proc
import suite

# Quotes, a backslash, letters of two scripts, what JSON has a meaning for.
HOSTILE = ["a\"b\\c", "\u0436\u00fc\u20ac", "{\"x\"]}", "q'u</script>"]
ON = {"app_passwords": "file", "app_passwords_file": "apps"}


def document(r):
    """Exactly one, in UTF-8, of one line, and no control character in it."""
    text = r.stdout.decode("utf-8")
    assert text.endswith("\n") and text.count("\n") == 1, text
    assert all(c >= " " for c in text[:-1]), text
    twice = []

    def members(pairs):
        names = [k for k, _ in pairs]
        twice.extend(k for k in names if names.count(k) > 1)
        return dict(pairs)

    d = json.loads(text, object_pairs_hook=members)
    assert isinstance(d, dict) and not twice, text
    return d


def ask(s, *args, input=None, status=0):
    r = s.ctl("--json", *args, input=input, check=False)
    assert r.returncode == status, (args, r)
    d = document(r)
    assert status == 0 or "error" in d or "verdict" in d or "users" in d, d
    assert status != 0 or "error" not in d, d
    return d


def dumped(s, user):
    """The same as the text, object by object."""
    rows = s.ctl("dump", user).stdout.decode().splitlines()
    lines = []
    for o in ask(s, "dump", user)["objects"]:
        lines.append("object " + o["key"] + (" size=%d" % o["size"] if "size"
                                             in o else ""))
        lines += o["lines"]
    assert lines and lines == [x.lstrip() for x in rows], (lines, rows)


def test_status_users_and_quota():
    password = suite.PASSWORD.encode() + b"\n"
    with suite.Suite(users=("ann",)) as s:
        for u in HOSTILE:
            assert ask(s, "user", "add", "--quota", "10K:7", "--alias",
                       u + "2", u, input=password) == {"user": u}
        assert ask(s, "user", "set", "--quota", "20K:", HOSTILE[0]) == \
            {"user": HOSTILE[0]}
        users = ask(s, "user", "list")["users"]
        assert users == [{"name": "ann", "locked": False, "aliases": [],
                          "quota": None}] + [
            {"name": u, "locked": False, "aliases": [u + "2"], "quota": {
                "bytes": 20480 if i == 0 else 10240,
                "messages": None if i == 0 else 7}}
            for i, u in enumerate(HOSTILE)], users
        # after the command, too; and the text is what it was
        assert document(s.ctl("user", "list", "--json"))["users"] == users
        assert s.ctl("user", "list").stdout.decode().splitlines() == \
            ["ann"] + HOSTILE

        mail = b"Subject: a\r\n\r\n" + b"x" * 3058 + b"\r\n"
        assert ask(s, "deliver", HOSTILE[1], input=mail) == {
            "user": HOSTILE[1], "mailbox": "INBOX", "bytes": len(mail)}
        rows = ask(s, "quota")["users"]
        assert [r["user"] for r in rows] == ["ann"] + HOSTILE
        assert rows[0] == {"user": "ann", "bytes": 0, "bytes_quota": None,
                           "messages": 0, "messages_quota": None,
                           "used_percent": None}, rows[0]
        assert rows[2] == {"user": HOSTILE[1], "bytes": len(mail),
                           "bytes_quota": 10240, "messages": 1,
                           "messages_quota": 7, "used_percent": 30}, rows[2]
        rows = ask(s, "quota", "ann", "no\"body", "\x01", status=1)["users"]
        assert "error" not in rows[0] and "no\"body" in rows[1]["error"] and \
            "invalid" in rows[2]["error"], rows

        d = ask(s, "status")
        assert d["state"] == "serving" and d["pid"] == s.p.pid and \
            d["configuration"] == s.conf and d["channels_down"] == [] and \
            d["silent"] == 0 and "credentials" not in d, d
        assert [p["name"] for p in d["processes"]] == [
            line[:14].strip() for line in
            s.ctl("status").stdout.decode().splitlines()[2:]], d
        for p in d["processes"]:
            assert p["state"] == "ready" and p["restarts"] == 0 and \
                os.path.exists("/proc/%d" % p["pid"]) and \
                p["up_seconds"] >= 0 and p["doing"] is None, p
            assert all(isinstance(v, int) for v in p["counts"].values()), p
        assert any(p["counts"] for p in d["processes"])

        assert ask(s, "reload")["messages"][-1] == "done"
        s.over["listen"] = "[nonsense]"
        s.write_conf()
        good = s.conf + ".good"
        del s.over["listen"]
        with open(good, "w") as f:
            f.write(s.conf_text())
        r = subprocess.run([s.bin("pailctl"), "--json", "-f", good, "reload"],
                           stdout=subprocess.PIPE)
        d = document(r)
        assert r.returncode == 1 and d["error"] == "not fully reloaded" and \
            any("nonsense" in m for m in d["messages"]), d
        # a configuration that pailctl itself cannot read
        e = ask(s, "status", status=1)["error"]
        assert "configuration" in e and "nonsense" in e, e
        s.write_conf()
        ask(s, "user", "passwd", HOSTILE[2], input=password)
        for u in HOSTILE:
            assert ask(s, "user", "del", u) == {"user": u}
        assert "exist" in ask(s, "user", "del", HOSTILE[0],
                              status=1)["error"]
        dumped(s, "ann")
        assert "no user nobody" in ask(s, "dump", "nobody",
                                       status=1)["error"]
        assert ask(s, "deliver", "ann", "\x01", input=mail, status=1)
        assert ask(s, "stop") == {"stopped": True}
        s.p.wait(60)
        for command in (("status",), ("stop",), ("throttle", "list"),
                        ("ingest", "list"), ("credentials",)):
            assert "is paild running" in ask(s, *command,
                                             status=1)["error"], command
        assert "is paild running" in ask(s, "quota", "ann", status=1)[
            "users"][0]["error"]
        assert "is paild running" in ask(s, "deliver", "ann", input=mail,
                                         status=75)["error"]
        # without a paild, by one of its own
        dumped(s, "ann")
        d = ask(s, "store", "check")
        assert d["verdict"] == "good", d
        for args in (("nonsense",), ("user",), ("quota", "--what"), ()):
            assert "usage" in ask(s, *args, status=1)["error"] or \
                "unknown" in ask(s, *args, status=1)["error"], args


def test_app_passwords_and_throttled_logins():
    with suite.Suite(users=("ann", HOSTILE[0]), **ON) as s:
        assert ask(s, "app-password", "list") == {"app_passwords": []}
        made = ask(s, "app-password", "add", HOSTILE[0], HOSTILE[2])
        assert made["user"] == HOSTILE[0] and made["name"] == HOSTILE[2] and \
            made["expires"] is None and made["scope"] == "imap", made
        c = imapc.Imap(s.imap_port)
        word = "\"%s\"" % HOSTILE[0].replace("\\", "\\\\").replace(
            "\"", "\\\"")
        assert c.cmd("LOGIN %s \"%s\"" % (word, made["password"])).status == \
            "OK"
        c.close()
        ask(s, "app-password", "add", "--expires", "1d", "ann", HOSTILE[1])
        rows = ask(s, "app-password", "list")["app_passwords"]
        assert {(r["user"], r["name"]) for r in rows} == {
            (HOSTILE[0], HOSTILE[2]), ("ann", HOSTILE[1])}, rows
        assert not any("password" in r or r["expired"] for r in rows), rows
        assert ask(s, "app-password", "list", "ann")["app_passwords"] == [
            r for r in rows if r["user"] == "ann"]
        assert "only" not in ask(s, "app-password", "import", "x",
                                 status=1)
        assert ask(s, "app-password", "revoke", HOSTILE[0], HOSTILE[2]) == {
            "user": HOSTILE[0], "revoked": 1}
        assert ask(s, "app-password", "revoke", HOSTILE[0], status=1)

        c = imapc.Imap(s.imap_port)
        assert c.cmd("LOGIN %s wrong" % word).status == "NO"
        c.close()
        rows = ask(s, "throttle", "list")
        assert rows["more"] == 0 and {"user", "user-from-address"} <= {
            r["kind"] for r in rows["throttled"]}, rows
        for r in rows["throttled"]:
            assert r["failures"] == 1 and r["forgotten"].endswith("Z"), r
            assert (r["user"] == HOSTILE[0]) == ("user" in r["kind"]), r
            assert (r["address"] is None) == (r["kind"] == "user"), r
        text = s.ctl("throttle", "list").stdout.decode()
        assert text.count("1 failures, paused until") == \
            len(rows["throttled"]), text
        assert ask(s, "throttle", "clear", HOSTILE[0]) == {
            "forgotten": len(rows["throttled"])}
        assert ask(s, "throttle", "clear", "\x01", status=1)["error"] == \
            "neither an address nor a user"
        assert ask(s, "throttle", "list") == {"throttled": [], "more": 0}
        assert "no \"ingest\"" in ask(s, "ingest", "list",
                                      status=1)["error"]


def test_init_without_a_terminal():
    d = proc.tempdir("init")
    conf = os.path.join(d, "pail.yaml")
    with open(os.path.join(d, "password"), "w") as f:
        f.write(suite.PASSWORD + "\n")
    tool = os.path.join(proc.TOP, suite.BUILD, "bin/pailctl")
    args = [tool, "-f", conf, "--json", "init", "--store", "file", "--path",
            d + "/mail", "--certificate", "none", "--listen",
            "imap://127.0.0.1:%d" % proc.free_port(), "--cache", d + "/cache",
            "--control-socket", d + "/ctl/sock", "--domains", "",
            "--sandbox", "best-effort", "--password-file", d + "/password"]
    r = subprocess.run([*args, "--user", "a\x01b"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert r.returncode == 1 and "error" in document(r), r
    r = subprocess.run([*args, "--user", "ann"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert r.returncode == 0 and document(r) == {
        "configuration": conf, "user": "ann"}, r
    r = subprocess.run([*args, "--user", "ann"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert r.returncode == 1 and "exists" in document(r)["error"], r


def test_the_store_its_credentials_and_ingestion():
    server, bucket = suite.store("minio")
    inbox = server.new_bucket()
    key = "in/\u0436 \"x\\y{1"
    over = {"ingest": "[{bucket: %s, prefix: in, poll: 1s}]" % inbox}
    with suite.Suite((server, bucket), **over) as s:
        for d in (ask(s, "store", "check"), ask(s, "status"),
                  ask(s, "credentials")):
            if "verdict" not in d:
                [c] = d["credentials"]
                assert c["of"] == "store" and c["source"] and \
                    c["access_key"] == server.access and \
                    c["expires"] is None and c["reason"] is None, d
                continue
            text = s.ctl("store", "check").stdout.decode().splitlines()
            assert d["verdict"] == "good" and \
                d["summary"].startswith("probe=good "), d
            assert {x["result"] for x in d["steps"]} <= {"ok", "note",
                                                         "warn"}, d
            named = [x["step"] for x in d["steps"] if x["step"]]
            for step in ("credentials", "name", "connection", "clock",
                         "region", "rights"):
                assert step in named, named
            assert len(text) == len(d["steps"]) + 1, (text, d)
        two = ask(s, "store", "check", "--policy")["policies"]
        assert len(two) == 2 and all(p["Statement"] for p in two), two
        server.put(inbox, key, b"Subject: a\r\n\r\nno recipient\r\n")
        [m] = proc.await_true("it has failed", lambda: ask(
            s, "ingest", "list")["mails"], 60)
        assert m["state"] == "failed" and m["bucket"] == inbox and \
            m["key"] == key and "no recipient" in m["reason"] and \
            m["at"].startswith("20"), m
        assert m["id"] in s.ctl("ingest", "list").stdout.decode()
        d = ask(s, "ingest", "retry", m["id"], status=1)
        assert d["mails"][0]["state"] == "failed" and \
            d["mails"][0]["id"] == m["id"], d
        assert "not an ID" in ask(s, "ingest", "retry", "\"",
                                  status=1)["error"]
        s.stop()
        # and when it cannot be used
        s.store = (server, "no-such-bucket-" + bucket[:20])
        s.write_conf()
        d = ask(s, "store", "check", status=1)
        assert d["verdict"] != "good" and \
            d["steps"][-1]["result"] == "FAIL", d
