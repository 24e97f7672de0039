"""Metrics: what Pail tells agrees with what the servers themselves count, a
real Prometheus takes it, and the dashboard and the alerts get what they ask
for."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import counted
import load
import proc
import s3
import suite
from mails import small
from mark import normal_only, time_limit

ETC = os.path.join(proc.TOP, "etc")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TOKEN = "a-token-of-metrics"
LOAD = 60 if os.environ.get("SOAK") else 3      # seconds


def scrape(s, accept="", token=None):
    r = urllib.request.Request("http://127.0.0.1:%d/metrics" % s.http_port)
    if accept:
        r.add_header("Accept", accept)
    if token:
        r.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(r, timeout=20) as f:
        return f.headers["Content-Type"], f.read().decode()


def figures(s, name, by=(), token=None):
    """{values of these labels: sum}, of all processes."""
    out = {}
    for labels, value in re.findall(r"^%s(?:\{(.*)\})? (\S+)$" % name,
                                    scrape(s, token=token)[1], re.M):
        pairs = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
        key = tuple(pairs[k] for k in by)
        out[key] = out.get(key, 0) + float(value)
    return out


def promtool(*args, text=None):
    r = subprocess.run(["promtool", *args], input=text, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert r.returncode == 0, r.stdout
    return r.stdout


def use(s, rounds=1):
    """Something of all that is counted."""
    for i in range(rounds):
        c = s.client()
        c.append("INBOX", small(i))
        for line in ("SELECT INBOX", "NOOP", "STORE 1 +FLAGS (\\Seen)",
                     "FETCH 1:* (FLAGS BODY.PEEK[])"):
            c.ok(line)
        c.cmd("SELECT nowhere")
        c.logout()
        s.ctl("deliver", "ann", input=small(i))


def test_metrics_are_as_promtool_and_openmetrics_want_them():
    with suite.Suite(suite.store("minio")).with_http(
            metrics_token=TOKEN) as s:
        use(s)
        kind, text = scrape(s, token=TOKEN)
        assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
        said = promtool("check", "metrics", text=text)
        assert said == "", said
        kind, text = scrape(s, OPENMETRICS, TOKEN)
        assert kind == OPENMETRICS + "; charset=utf-8", kind
        assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
        # Each family once, and nothing of another within it.
        seen = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
        assert len(seen) == len({n for n, _ in seen}), seen
        family = None
        for line in text.splitlines()[:-1]:
            if line.startswith("# TYPE"):
                family, what = line.split()[2:]
                ends = {"counter": ("_total",), "gauge": ("",),
                        "histogram": ("_bucket", "_count", "_sum")}[what]
            elif not line.startswith("#"):
                name = re.match(r"\w+", line).group()
                assert name in [family + e for e in ends], line
        for name in ("imap_requests", "emails_received", "imap_sessions",
                     "logins", "s3_requests", "s3_request_duration_seconds",
                     "s3_bytes", "s3_retries", "commit_conflicts",
                     "commit_batch_size", "cache_hits", "cache_bytes",
                     "certificate_expiry_timestamp_seconds",
                     "clock_offset_seconds", "build_info",
                     "s3_cost_dollars", "process_cpu_seconds",
                     "process_resident_memory_bytes", "process_open_fds",
                     "process_start_time_seconds", "process_restarts",
                     "store_proved_timestamp_seconds",
                     "imap_request_duration_seconds"):
            assert name in dict(seen), (name, seen)
        for e in ("", "Bearer x" * 4):
            try:
                scrape(s, token=e or None)
            except urllib.error.HTTPError as err:
                assert err.code == 401, err
                assert err.headers["WWW-Authenticate"] == "Bearer"
            else:
                raise AssertionError("a scrape without the token")


def test_a_process_that_hangs_is_left_out_and_counted():

    with suite.Suite().with_http() as s:
        pid = [p for p, n in s.children() if n == "storaged"][0]
        assert figures(s, "scrape_missing_processes") == {(): 0}
        os.kill(pid, signal.SIGSTOP)
        try:
            proc.await_true("it is missed", lambda: figures(
                s, "scrape_missing_processes") == {(): 1})
            up = figures(s, "process_up", ("process", "index"))
            assert up.pop(("storaged", "0")) == 0, up
            assert set(up.values()) == {1}, up
            assert ("storaged",) in figures(
                s, "process_resident_memory_bytes", ("process",))
        finally:
            os.kill(pid, signal.SIGCONT)


def test_counters_agree_with_minios_to_the_request():
    """Between two moments in which nothing is under way."""
    def pail():
        return {k[0].lower(): int(v) for k, v in figures(
            s, "s3_requests_total", ("operation",)).items()}

    def minio(c):
        return {k.lower(): v for k, v in c.n.items() if v}

    # The proof for /readyz is half an hour old at most: there is none
    # meanwhile.  An answer is shared for a second: what is asked for again is
    # one that is there after the last request.
    with suite.Suite(suite.store("counted")).with_http(
            ready_within="1h") as s:
        use(s)
        counted.settled()
        time.sleep(1.1)
        before = pail()
        with counted.Counted() as c:
            use(s, 5)
        time.sleep(1.1)
        got = {k: v - before.get(k, 0) for k, v in pail().items()
               if v != before.get(k, 0)}
        assert got == minio(c) and got["putobject"] >= 5, (got, c.n)
        # And with what the clients did.
        assert figures(s, "imap_requests_total", ("command", "result"))[
            ("STORE", "ok")] == 6
        assert figures(s, "logins_total", ("result",))[("ok",)] == 12
        got = figures(s, "emails_received_total", ("via", "result"))
        assert sum(got.values()) == 12, got


class Prometheus:
    def __init__(self, s, token):
        self.dir = proc.tempdir("prometheus")
        self.port = proc.free_port()
        conf = os.path.join(self.dir, "prometheus.yml")
        with open(os.path.join(self.dir, "token"), "w") as f:
            f.write(token)
        # As etc/prometheus/prometheus.yml, but often.
        with open(conf, "w") as f:
            json.dump({
                "global": {"scrape_interval": "500ms",
                           "scrape_timeout": "500ms",
                           "evaluation_interval": "1s"},
                "rule_files": [os.path.join(ETC,
                                            "prometheus/pail.rules.yml")],
                "scrape_configs": [{
                    "job_name": "pail", "scheme": "https",
                    "tls_config": {"ca_file": s.cert,
                                   "server_name": "localhost"},
                    "authorization": {"credentials_file": os.path.join(
                        self.dir, "token")},
                    "static_configs": [{"targets": [
                        "127.0.0.1:%d" % s.https_port]}]}]}, f)
        promtool("check", "config", conf)
        self.p = proc.spawn(
            ["prometheus", "--config.file=" + conf,
             "--storage.tsdb.path=" + os.path.join(self.dir, "data"),
             "--web.listen-address=127.0.0.1:%d" % self.port],
            stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(self.dir, "log"), "w"))
        proc.await_true("Prometheus is ready",
                        lambda: self.get("/-/ready") is not None)

    def get(self, path, **query):
        url = "http://127.0.0.1:%d%s?%s" % (self.port, path,
                                            urllib.parse.urlencode(query))
        try:
            with urllib.request.urlopen(url, timeout=20) as f:
                return f.read().decode()
        except urllib.error.HTTPError as e:
            if e.code == 503:
                return None             # it starts
            raise AssertionError("%s: %s" % (query, e.read().decode()))
        except OSError:
            return None

    def query(self, expr):
        a = json.loads(self.get("/api/v1/query", query=expr))
        assert a["status"] == "success", a
        return a["data"]["result"]


@normal_only("the other build is not what anyone watches")
@time_limit(300, soak=600)
def test_a_prometheus_gets_data_for_every_panel():
    """Under load, by TLS with a token; credentials expire, as on EC2. What it
    has in the end is what MinIO has counted since before Pail's start."""
    server, bucket = suite.store("counted")
    s = watched(server, bucket)
    with open(os.path.join(ETC, "grafana/pail.json")) as f:
        dashboard = json.load(f)
    before = counted.settled()
    with s:
        use(s)
        p = Prometheus(s, TOKEN)
        proc.await_true("it scrapes", lambda: p.query(
            'up{job="pail"} == 1'))
        began = time.monotonic()
        busy = load.Load(s, ["ann"] * 4)
        try:
            n = 0
            while n < 4 or time.monotonic() < began + LOAD:
                use(s)
                n += 1
                if n % 10 == 0:
                    print("   %d s of load" % (time.monotonic() - began),
                          flush=True)
            check_panels(p, dashboard)
        finally:
            busy.stop()
        took = "%ds" % (time.monotonic() - began + 1)
        # The variables' too, and no alert.
        assert p.query('count by (job) (build_info{version=~".+"})')
        proc.await_true("no alert", lambda: p.query(
            'ALERTS{alertname!~"PailSlowCommits"}') == [])
        # To the figure: nothing has happened since.
        n, requests = agree(p, s, before)
        scrapes, up = (float(p.query("%s(up[%s])" % (f, took))[0]["value"][1])
                       for f in ("count_over_time", "sum_over_time"))
        print("   %s under load: %d scrapes, %d rounds of each of 4 clients; "
              "%d counters agree; requests to S3: %s" % (
                  took, scrapes, min(busy.done), n, requests))
        # A scrape has half a second: on a busy machine that may be too short.
        assert up >= min(0.9 * scrapes, scrapes - 2) and scrapes >= LOAD, (
            up, scrapes)
        assert n > 100, n


def watched(server, bucket):
    """A suite with admind, whose keys a process gives, for two hours."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                          time.gmtime(time.time() + 7200))
    keys = json.dumps({"Version": 1, "AccessKeyId": server.access,
                       "SecretAccessKey": server.secret,
                       "Expiration": until})
    s = suite.Suite((server, bucket))
    path = os.path.join(s.dir, "keys.json")
    with open(path, "w") as f:
        f.write(keys)
    os.chmod(path, 0o644)
    os.chmod(s.dir, 0o755)
    return s.with_http(metrics_token=TOKEN, ready_within="1h", store=(
        "{type: s3, bucket: %s, region: %s, endpoint: '%s', credentials: "
        "{source: process, command: '/bin/cat %s'}}" % (
            bucket, server.region, server.endpoint, path)))


def check_panels(p, dashboard):
    """Each query of each panel returns data."""
    panels = [x for x in dashboard["panels"] if "targets" in x]
    assert len(panels) >= 20, len(panels)
    for panel in panels:
        for t in panel["targets"]:
            expr = t["expr"].replace("$__rate_interval", "30s").replace(
                "$job", ".*").replace("$instance", ".*")
            got = []
            proc.await_true("%s: %s" % (panel["title"], expr), lambda:
                            got.extend(p.query(expr)) or got, 10)


def agree(p, s, before):
    """Awaits that Prometheus, a scrape and MinIO count the same: how many
    counters the former two agree on, and all three's requests."""
    def by_operation(rows):
        out = {}
        for name, value in rows:
            name = name.lower().replace("deletemultiple", "delete")
            out[name] = out.get(name, 0) + int(value)
        return out

    def all_three():
        minio = by_operation(s3.since(before, counted.settled()).items())
        pail = by_operation((k[0], v) for k, v in figures(
            s, "s3_requests_total", ("operation",), TOKEN).items() if v)
        theirs = by_operation((x["metric"]["operation"], float(x["value"][1]))
                              for x in p.query("s3_requests_total")
                              if float(x["value"][1]))
        seen.append((minio, pail, theirs))
        return minio == pail == theirs

    seen = []
    n = figures_of(p, s)
    try:
        proc.await_true("all three agree", all_three)
    except AssertionError:
        raise AssertionError(seen[-1]) from None
    return n, seen[-1][0]


def figures_of(p, s):
    """How many counters Prometheus and a scrape agree on, once both have
    settled."""
    def same():
        time.sleep(0.6)
        n = 0
        text = scrape(s, token=TOKEN)[1]
        for name in ("imap_requests_total", "logins_total",
                     "emails_received_total",
                     "imap_request_duration_seconds_bucket"):
            want = {}
            for labels, value in re.findall(
                    r"^%s\{(.*)\} (\S+)$" % name, text, re.M):
                want[tuple(sorted(re.findall(r'(\w+)="([^"]*)"',
                                             labels)))] = float(value)
            got = {}
            for x in p.query(name):
                m = {k: v for k, v in x["metric"].items()
                     if k not in ("__name__", "job", "instance")}
                got[tuple(sorted(m.items()))] = float(x["value"][1])
            if got != want:
                return 0
            n += len(want)
        return n

    out = []
    proc.await_true("both agree", lambda: out.append(same()) or out[-1])
    return out[-1]


def test_alerts_fire_when_they_should_and_only_then():
    d = os.path.join(ETC, "prometheus")
    promtool("check", "rules", os.path.join(d, "pail.rules.yml"))
    text = open(os.path.join(d, "prometheus.yml")).read()
    with open(os.path.join(proc.tempdir("rules"), "p.yml"), "w") as f:
        f.write(text.replace("pail.rules.yml", os.path.join(
            d, "pail.rules.yml")).replace("/etc/prometheus/pail-token",
                                          "/dev/null"))
    promtool("check", "config", f.name)
    promtool("test", "rules", os.path.join(
        proc.TOP, "regress/lib/pail.rules.test.yml"))
