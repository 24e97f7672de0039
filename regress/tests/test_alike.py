"""An unknown user and a wrong password cannot be told apart: a two-sample test
(Kolmogorov and Smirnov's) of the times of the answers, by each mechanism, in
one run, and the answers are the same bytes. With SOAK=1 (make soak) of 500
tries each."""

import base64
import concurrent.futures
import os
import random
import re
import time

import guess
import suite
from mark import alone, time_limit
from scram import Scram

SOAK = bool(os.environ.get("SOAK"))
TRIES = 500 if SOAK else 40     # of each kind and mechanism
AT_ONCE = 50
USERS = 50                      # so that no name has many failures
# Of so many tests that show nothing one fails: three are made in a run.
ALPHA = 1e-6


def make_suite():
    """Users with hashes of three kinds, and with keys of SCRAM."""
    s = suite.Suite(users=(), sasl_mechanisms="[PLAIN, LOGIN, SCRAM-SHA-256]",
                    imap="{max-unauthenticated-per-address: 1000}")
    schemes = ("yescrypt", "sha512-crypt", "scram-sha-256")
    for scheme in schemes:
        s.ctl("user", "add", "--scheme", scheme, scheme, input=b"right\n")
    path = os.path.join(s.dir, "users")
    with open(path) as f:
        hashes = re.findall(r"^[^:]+:(.*)$", f.read(), re.M)
    assert len(hashes) == len(schemes), hashes
    with open(path, "a") as f:
        f.writelines("u%d:%s\n" % (i, hashes[i % len(hashes)])
                     for i in range(USERS))
    return s


def plain(c, name):
    return c.cmd("AUTHENTICATE PLAIN " + base64.b64encode(
        b"\0%s\0wrong" % name.encode()).decode())


def login(c, name):
    c.send("a1 AUTHENTICATE LOGIN\r\n")
    for word in (name, "wrong"):
        assert c.line().startswith(b"+ ")
        c.send(base64.b64encode(word.encode()) + b"\r\n")
    return c.finish("a1")


def scram(c, name):
    """From the proof on: before, only the client's own hashing is slow."""
    sc = Scram(name, "wrong")
    c.send("a1 AUTHENTICATE SCRAM-SHA-256 %s\r\n" % base64.b64encode(
        sc(b"")).decode())
    proof = sc(base64.b64decode(c.line()[2:]))
    c.began = time.monotonic()
    c.send(base64.b64encode(proof) + b"\r\n")
    return c.finish("a1")


def one(s, how, name, address):
    c = guess.Client(s.imap_port, address)
    c.began = time.monotonic()
    a = how(c, name)
    took = time.monotonic() - c.began
    c.close()
    return (a.status, a.text), took


@alone("measures time")
@time_limit(300, soak=1800)
def test_an_unknown_user_and_a_wrong_password_are_alike():
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print("   SEED=%d" % seed)
    rng, where = random.Random(seed), guess.addresses(seed)
    jobs = [(how, kind, "%s%d" % ("u" if kind == "wrong" else "n", i % USERS))
            for how in (plain, login, scram) for kind in ("wrong", "unknown")
            for i in range(TRIES)]
    rng.shuffle(jobs)
    times, answers = {}, set()
    with make_suite() as s, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [(how.__name__, kind, pool.submit(one, s, how, name,
                                                 next(where)))
                for how, kind, name in jobs]
        for how, kind, run in runs:
            answer, took = run.result()
            answers.add(answer)
            times.setdefault((how, kind), []).append(took)
    assert len(answers) == 1 and "NO" in list(answers)[0], answers
    for how in ("plain", "login", "scram"):
        a, b = times[how, "wrong"], times[how, "unknown"]
        d = guess.smirnov(a, b)
        limit = guess.smirnov_limit(len(a), len(b), ALPHA)
        print("   %s: %d and %d tries, D %.3f (limit %.3f), medians %.3f and "
              "%.3f s" % (how, len(a), len(b), d, limit,
                          sorted(a)[len(a) // 2], sorted(b)[len(b) // 2]))
        assert d <= limit, (how, d, limit, sorted(a), sorted(b))


def test_the_two_sample_test_sees_a_difference():
    """It can fail: a name that takes 50 ms longer is found in 50 tries."""
    rng = random.Random(1)
    a = [1 + rng.expovariate(50) for _ in range(50)]
    b = [1 + rng.expovariate(50) for _ in range(50)]
    limit = guess.smirnov_limit(50, 50, ALPHA)
    assert guess.smirnov(a, b) <= limit
    assert guess.smirnov(a, [x + 0.05 for x in b]) > limit
