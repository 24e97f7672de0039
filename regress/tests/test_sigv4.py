"""Our signatures are those of AWS's own signer (botocore), for requests that
nobody has thought of."""

import hashlib
import json
import os
import random
import shlex
import string
import subprocess
import urllib.parse

import proc
import suite
from mark import normal_only

REQUESTS = 1000
DIR = os.path.join(proc.TOP, "regress/sigv4")
PYTHON = os.path.join(proc.TOP, "build/tools/venv/bin/python3")
PRINTABLE = string.ascii_letters + string.digits + string.punctuation
TOKEN = string.ascii_letters + string.digits + "+/=-_."
# What object names are made of: what must be encoded, what must not, dots
# that may be no directories, doubled slashes, two to four bytes a character.
NAME = PRINTABLE + " /./~%+&=" + "\u00e4\u00df\u20ac\u1234\U0001f4e7\x7f\t"


def text(rand, letters, least, most):
    return "".join(rand.choice(letters)
                   for _ in range(rand.randint(least, most)))


def quoted(s):
    return urllib.parse.quote(s, safe="-_.~")


def query(rand):
    """In any order, with names twice, and without values."""
    pairs = []
    for _ in range(rand.choice((0, 0, 1, 2, 5, 12))):
        name = rand.choice(("prefix", "uploads", "partNumber", "uploadId",
                            "list-type", text(rand, NAME, 1, 8)))
        pairs.append(quoted(name) + rand.choice(
            ("", "=", "=" + quoted(text(rand, NAME, 0, 30)))))
    return "&".join(pairs)


def headers(rand):
    """Names of any case, values with white space anywhere."""
    found = {}
    for _ in range(rand.choice((0, 1, 3, 10))):
        name = rand.choice(("If-Match", "If-None-Match", "Range",
                            "Content-Type", "X-Amz-Meta-" + text(
                                rand, string.ascii_letters, 1, 20),
                            text(rand, string.ascii_letters + "-", 1, 30)
                            .strip("-") or "a"))
        found[name.lower()] = name, text(
            rand, PRINTABLE + "   \t", 0, 60)
    # The signer leaves these out, and adds those.
    for name in ("expect", "user-agent", "connection", "host",
                 "x-amz-date", "x-amz-security-token", "authorization",
                 "transfer-encoding", "date", "x-amzn-trace-id"):
        found.pop(name, None)
    return list(found.values())


def request(rand):
    name = text(rand, NAME, 0, rand.choice((10, 100, 250)))
    return {
        "access": text(rand, string.ascii_letters + string.digits, 1, 128),
        "secret": text(rand, PRINTABLE, 1, 200),
        "token": rand.choice(("", text(rand, TOKEN, 1, 4000))),
        "date": "%04d%02d%02dT%02d%02d%02dZ" % (
            rand.randint(2000, 2099), rand.randint(1, 12),
            rand.randint(1, 28), rand.randint(0, 23), rand.randint(0, 59),
            rand.randint(0, 59)),
        "region": text(rand, string.ascii_lowercase + string.digits + "-", 1,
                       30),
        "method": rand.choice(("GET", "PUT", "HEAD", "DELETE", "POST")),
        "name": "/" + name,
        "path": urllib.parse.quote("/" + name, safe="/-_.~"),
        "query": query(rand),
        "host": rand.choice(("bucket.s3.eu-west-1.amazonaws.com",
                             "127.0.0.1:9000", "[::1]:9000", "s3")),
        "payload": rand.choice((hashlib.sha256(text(
            rand, PRINTABLE, 0, 9).encode()).hexdigest(),
            "UNSIGNED-PAYLOAD")),
        "headers": headers(rand),
    }


def build():
    """sign.c with our libraries, as mk/rules.sh would build it."""
    rules = open(os.path.join(proc.TOP, suite.BUILD, "rules.mk")).read()

    def words(name):
        return shlex.split(rules.split("\n%s = " % name)[1].split("\n")[0])

    program = os.path.join(proc.tempdir("sign"), "sign")
    subprocess.run(
        ["cc", *words("CFLAGS_ALL"), *words("LDFLAGS_ALL"), "-o", program,
         os.path.join(DIR, "sign.c"),
         *[os.path.join(suite.BUILD, "lib%s.a" % room)
           for room in ("storaged", "credd", "common")],
         "-levent", "-lcrypto", "-lutf8proc"], cwd=proc.TOP, check=True)
    return program


def ours(requests):
    lines = []
    for r in requests:
        h = [("Host", r["host"]), ("X-Amz-Date", r["date"]),
             ("x-amz-content-sha256", r["payload"]), *r["headers"]]
        if r["token"]:
            h.append(("x-amz-security-token", r["token"]))
        lines += [r["access"], r["secret"], r["token"], r["date"],
                  r["region"], "s3", r["method"], r["name"], r["query"],
                  r["payload"], str(len(h))]
        lines += [x for pair in h for x in pair]
    p = subprocess.run([build()], input="\n".join(lines).encode() + b"\n",
                       stdout=subprocess.PIPE, check=True)
    return p.stdout.decode().splitlines()


def botocores(requests):
    assert os.access(PYTHON, os.X_OK), "run mk/testdeps.sh"
    p = subprocess.run([PYTHON, os.path.join(DIR, "botocore_sign.py")],
                       input=json.dumps(requests).encode(),
                       stdout=subprocess.PIPE, check=True)
    return json.loads(p.stdout)


@normal_only("compares a pure function")
def test_a_thousand_random_requests_have_the_signatures_of_aws_own_signer():
    seed = int(os.environ.get("SEED", 20130524))
    print("   SEED=%d" % seed, flush=True)
    rand = random.Random(seed)
    requests = [request(rand) for _ in range(REQUESTS)]
    got, want = ours(requests), botocores(requests)
    assert len(got) == len(want) == REQUESTS, len(got)
    for r, a, b in zip(requests, got, want):
        assert a == b, (r, a, b)
    assert len(set(want)) == REQUESTS
