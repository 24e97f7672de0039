"""The manifests and the chart of etc/kubernetes: they are valid, say the same,
know only variables that there are, and make pods in which Pail runs."""

import copy
import http.client
import os
import re
import socket
import ssl
import subprocess

import imapc
import jail
import kube
import proc
import suite
from mark import normal_only
from sts import Oidc, OidcMinio

TOKEN = "a-token-of-metrics"
MANIFESTS = os.path.join(kube.DIR, "manifests")
OVERLAY = """
resources: [%s]
images:
  - {name: registry.example.org/pail, newName: registry.example.net/mail,
     newTag: "7"}
patches:
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: pail}
      data: {PAIL_BUCKET: of-the-site}
"""


def all_forms():
    """(what, objects) of the manifests, as they are and as Kustomize makes
    them, and of the chart for each site."""
    yield "manifests", kube.load(kube.manifests())
    yield "kustomize", kube.load(kube.kustomize(MANIFESTS))
    for site in kube.SITES:
        yield site, kube.load(kube.render(site))


def pod_of(docs):
    return kube.one(docs, "Deployment")["spec"]["template"]["spec"]


def ports_of(docs):
    """{"imap": 10143, ...} as the pod's ports are named."""
    return {p["name"]: p["containerPort"]
            for p in pod_of(docs)["containers"][0]["ports"]}


@normal_only("runs nothing of Pail")
def test_all_objects_are_valid_by_the_schemas_of_two_versions():
    docs = kube.load(kube.manifests(secrets=True))
    for _, more in all_forms():
        assert len(more) >= 5, more
        docs += more
    for version in kube.VERSIONS:
        assert kube.wrong(docs, version) == [], version
    # And these checkers do find what is wrong: an object for each.
    good, bad = kube.load(kube.manifests()), []
    for kind, path, value in (
            ("Deployment", ("spec", "replicas"), "three"),
            ("Deployment", ("spec", "template", "spec", "contianers"), []),
            ("NetworkPolicy", ("spec", "ingres"), []),
            ("ServiceMonitor", ("spec", "endpoint"), []),
            ("ServiceMonitor", ("spec", "endpoints"), "http")):
        bad.append(copy.deepcopy(kube.one(good, kind)))
        at = bad[-1]
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = value
    found = kube.wrong(bad, kube.VERSIONS[1])
    assert len(found) == len(bad), found


@normal_only("runs nothing of Pail")
def test_the_chart_passes_lint_and_refuses_what_cannot_work():
    chart = os.path.join(kube.DIR, "pail")
    for site in kube.SITES:
        r = kube.helm("lint", "--strict", chart, "--kube-version",
                      kube.VERSIONS[0], "-f", kube.values(site))
        assert r.returncode == 0, r.stdout + r.stderr
    for more, want in (
            (["config.PAIL_BUCKET="], "which bucket?"),
            (["config.PAIL_STORE_REGION="], "where is the bucket?"),
            (["config.PAIL_LISTEN=imap://*:10143"], "the probes need"),
            (["serviceMonitor.serverName="], "a name in the certificate"),
            (["config.PAIL_METRICS_TOKEN=x"], "config"),    # not a secret
            (["config.PATH=/bin"], "PATH")):
        r = kube.helm("template", "pail", chart, "--kube-version",
                      kube.VERSIONS[0], "-f", kube.values("aws"),
                      "--set-string", *more)
        assert r.returncode != 0 and want in r.stderr, (more, r.stderr)
    r = kube.helm("show", "chart", chart)
    with open(os.path.join(proc.TOP, "paild/paild.h")) as f:
        version = re.search(r'PAIL_VERSION\s+"(.*)"', f.read()).group(1)
    assert kube.load(r.stdout)[0]["appVersion"] == version, r.stdout


@normal_only("runs nothing of Pail")
def test_an_overlay_sets_what_is_the_sites():
    """As kustomization.yaml says: the image and the ConfigMap."""
    d = proc.tempdir("overlay")
    with open(os.path.join(d, "kustomization.yaml"), "w") as f:
        f.write(OVERLAY % os.path.relpath(MANIFESTS, d))
    docs = kube.load(kube.kustomize(d))
    assert kube.wrong(docs, kube.VERSIONS[1]) == []
    assert pod_of(docs)["containers"][0]["image"] == \
        "registry.example.net/mail:7"
    assert kube.one(docs, "ConfigMap")["data"]["PAIL_BUCKET"] == "of-the-site"
    base = kube.load(kube.kustomize(MANIFESTS))
    assert len(docs) == len(base) >= 8, (len(docs), len(base))


def plain(docs):
    """Without what only Helm adds."""
    for d in docs:
        for name in ("app.kubernetes.io/managed-by", "helm.sh/chart",
                     "app.kubernetes.io/version"):
            d["metadata"]["labels"].pop(name, None)
        if d["kind"] == "Deployment":
            pod = d["spec"]["template"]
            pod["metadata"].pop("annotations", None)
            pod["spec"]["containers"][0].pop("imagePullPolicy", None)
    return sorted(docs, key=lambda d: (d["kind"], d["metadata"]["name"]))


@normal_only("runs nothing of Pail")
def test_the_chart_makes_the_manifests_beside_it():
    docs = plain(kube.load(kube.kustomize(MANIFESTS)))
    for a, b in zip(docs, plain(kube.load(kube.render("aws"))), strict=True):
        assert a == b, (a, b)
    # Two releases in one namespace do not touch each other.
    for d in kube.load(kube.render(release="other")):
        assert d["metadata"]["name"].startswith("other-pail"), d


@normal_only("needs no sanitizer")
def test_each_variable_that_is_named_exists():
    s = suite.Suite()
    r = kube.run([s.bin("paild"), "-n", "--env"])
    known = {line.split()[0] for line in r.stdout.splitlines()}
    known |= {re.sub(r"_N_|_N$", lambda m: m.group().replace("_N", ""), k, 1)
              for k in known if k.startswith("PAIL_TLS_N")}
    paths = [os.path.join(d, f) for d, _, files in os.walk(kube.DIR)
             for f in files]
    paths.append(os.path.join(proc.TOP, "man/pail-container.7"))
    seen = set()
    for path in paths:
        with open(path) as f:
            for name in re.findall(r"\bPAIL_[A-Z0-9_]+", f.read()):
                seen.add(name)
                if name.endswith("_"):          # PAIL_STORE_CREDENTIALS_*
                    assert any(k.startswith(name) for k in known), name
                else:
                    name = re.sub(r"_\d+(?=_|$)", "_N", name)
                    assert name in known, (path, name)
    assert len(seen) > 20 and "PAIL_METRICS_TOKEN" in seen, seen


@normal_only("runs nothing of Pail")
def test_ports_agree_from_the_listeners_to_the_monitoring():
    for what, docs in all_forms():
        ports = ports_of(docs)
        listen = kube.one(docs, "ConfigMap")["data"]["PAIL_LISTEN"]
        http = pod_of(docs)["containers"][0]["readinessProbe"]["httpGet"]
        scheme = http["scheme"].lower()
        assert ports == {
            "metrics" if name == scheme else name: int(port)
            for name, port in re.findall(r"(\w+)://\*:(\d+)", listen)}, (
                what, listen)
        assert http["port"] == "metrics" and min(ports.values()) > 1024, what
        public = kube.one(docs, "Service")["spec"]["ports"]
        inside = kube.one(docs, "Service", "pail-internal")["spec"]["ports"]
        usual = {"imap": 143, "imaps": 993, "lmtp": 24, "metrics": 9143}
        assert {p["targetPort"]: p["port"] for p in public + inside} == {
            name: usual[name] for name in ports}, (what, public, inside)
        assert {p["targetPort"] for p in public} <= {"imap", "imaps"}, public
        policy = kube.one(docs, "NetworkPolicy")["spec"]
        assert {p["port"] for rule in policy["ingress"]
                for p in rule["ports"]} == set(ports), policy
        for rule in policy["ingress"]:          # only IMAP is for everyone
            assert "from" in rule or {p["port"] for p in rule["ports"]} <= {
                "imap", "imaps"}, rule
        for d in docs:
            if d["kind"] == "ServiceMonitor":
                labels = kube.one(docs, "Service", "pail-internal")[
                    "metadata"]["labels"]
                want = d["spec"]["selector"]["matchLabels"]
                assert want.items() <= labels.items(), (want, labels)
                assert d["spec"]["endpoints"][0]["port"] == "metrics", d
                assert d["spec"]["endpoints"][0]["scheme"] == scheme, d


@normal_only("runs nothing of Pail")
def test_a_pod_has_no_privileges_no_disk_and_the_time_to_stop():
    with open(os.path.join(proc.TOP, "etc/Containerfile")) as f:
        uid, gid = re.search(r"^USER (\d+):(\d+)$", f.read(), re.M).groups()
    with open(os.path.join(proc.TOP, "paild/stop.c")) as f:
        phases = re.findall(r"\[PROC_STOP_\w+\] = (\d+),", f.read())
    assert len(phases) == 3, phases
    for what, docs in all_forms():
        pod = pod_of(docs)
        security = pod["securityContext"]
        assert security == {
            "runAsNonRoot": True, "runAsUser": int(uid),
            "runAsGroup": int(gid), "fsGroup": int(gid),
            "seccompProfile": {"type": "RuntimeDefault"}}, (what, security)
        assert pod["automountServiceAccountToken"] is False, what
        container, = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}, (what, container)
        assert container["envFrom"] == [
            {"configMapRef": {"name": "pail"}}, {"secretRef": {
                "name": "pail-env" if what == "other" else "pail"}}], what
        for v in pod["volumes"]:
            if v["name"] == "run":
                assert v["emptyDir"]["medium"] == "Memory", (what, v)
            else:
                assert set(v) <= {"name", "secret", "projected"}, (what, v)
        for m in container["volumeMounts"]:
            assert m["name"] == "run" or m["readOnly"], (what, m)
        leave = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert leave + sum(map(int, phases)) < pod[
            "terminationGracePeriodSeconds"], (what, phases)


def read(s, name):
    with open(os.path.join(s.dir, name), "rb") as f:
        return f.read()


def add_user(s, user):
    """As pail-container(7) says."""
    env = {"PAIL_AUTH": "[{type: file, path: %s/users}]" % s.dir,
           "PAIL_LISTEN": "[imap://*]",
           "PAIL_STORE": "{type: file, path: /nonexistent}"}
    with open(os.path.join(proc.TOP, "man/pail-container.7")) as f:
        text = f.read()
    for name in ("PAIL_LISTEN", "PAIL_STORE"):
        assert "%s='%s'" % (name, env[name]) in text, text
    subprocess.run([s.bin("pailctl"), "user", "add", user], env=env,
                   input=suite.PASSWORD.encode() + b"\n", check=True,
                   stdout=subprocess.DEVNULL, timeout=60)


def volumes_of(s, docs, token):
    """Those of the Secrets and of the token, as kubelet makes them."""
    folder = os.path.join(s.dir, "volumes")
    os.mkdir(folder)
    made = {}
    for v in pod_of(docs)["volumes"]:
        path = os.path.join(folder, v["name"])
        if "secret" in v:
            made[v["name"]] = kube.Volume(path, v["secret"]["defaultMode"])
        elif "projected" in v:
            made[v["name"]] = kube.Volume(path, owner=kube.UID).write({
                v["projected"]["sources"][0]["serviceAccountToken"]["path"]:
                token.encode()})
    write_secrets(s, made)
    return made


def write_secrets(s, volumes):
    volumes["users"].write({"users": read(s, "users")})
    volumes["tls"].write({"tls.crt": read(s, "cert.pem"),
                          "tls.key": read(s, "key.pem")})


def get(port, path, token=None):
    """As kubelet asks, which believes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    c = http.client.HTTPSConnection("127.0.0.1", port, timeout=20,
                                    context=context)
    try:
        c.request("GET", path, headers={
            "Authorization": "Bearer " + token} if token else {})
        r = c.getresponse()
        return r.status, r.read().decode()
    finally:
        c.close()


def shown(port):
    """The certificate of this port."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 20) as c, \
            context.wrap_socket(c) as tls:
        return tls.getpeercert(True)


@normal_only("strips the programs")
def test_pail_runs_in_such_a_pod():
    """With the ConfigMap's variables as they are, but for the addresses of the
    store and the ports, which others on this host may have."""
    docs = kube.load(kube.manifests())
    with Oidc() as oidc:
        server = OidcMinio(oidc)
        s = suite.Suite(users=())
        add_user(s, "ann")
        volumes = volumes_of(s, docs, oidc.token(900))
        pod = kube.Pod(s.build, s.dir, kube.one(docs, "Deployment"), volumes)
        for what, form in all_forms():
            text = checked(pod, environment(form, what == "other"))
            assert "warning" not in text or what == "other", text
        env = environment(docs)
        port = {}
        for name, number in ports_of(docs).items():
            port[name] = proc.free_port()
            env["PAIL_LISTEN"] = env["PAIL_LISTEN"].replace(
                ":%d" % number, ":%d" % port[name])
        env["PAIL_BUCKET"] = server.new_bucket()
        env["PAIL_STORE_REGION"] = server.region
        env["PAIL_STORE_ENDPOINT"] = server.endpoint
        env["PAIL_STORE_CREDENTIALS_STS_ENDPOINT"] = server.endpoint
        env["PAIL_STORE_CREDENTIALS_ROLE_ARN"] = server.role_arn
        with open(s.logname, "w") as log:
            s.p = proc.spawn(pod.argv("/usr/sbin/paild", "-d"), env=env,
                             stdout=subprocess.PIPE, stderr=log)
            s.await_ready()
        serves(s, docs, port)
        renews(s, volumes, port["imaps"])
        for pid, name in s.children():
            st = jail.status(pid)
            assert st["Uid"].split() == [str(kube.UID)] * 4, (name, st)
            assert int(st["CapEff"], 16) == 0, (name, st)
        assert proc.end(s.p) == 0, s.log_tail()
        s.p = None


def environment(docs, keys=False):
    """The container's: of the ConfigMap and of the Secret."""
    env = {"PATH": os.environ["PATH"], "PAIL_METRICS_TOKEN": TOKEN,
           **kube.one(docs, "ConfigMap")["data"]}
    if keys:
        env.update(PAIL_STORE_ACCESS_KEY="access",
                   PAIL_STORE_SECRET_KEY="secret")
    if jail.landlock() < 2:
        env["PAIL_SANDBOX"] = "best-effort"
    return env


def checked(pod, env):
    """What paild -n says of these variables, which is OK."""
    r = subprocess.run(pod.argv("/usr/sbin/paild", "-n"), env=env,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=60)
    text = r.stderr.decode()
    assert r.returncode == 0 and "configuration OK" in text, text
    return text


def serves(s, docs, port):
    container = pod_of(docs)["containers"][0]
    for probe in ("readinessProbe", "livenessProbe"):
        how = container[probe]["httpGet"]
        assert how["scheme"] == "HTTPS", how
        proc.await_true(probe, lambda: get(port[how["port"]], how["path"])
                        [0] == 200)
    endpoint = kube.one(docs, "ServiceMonitor")["spec"]["endpoints"][0]
    assert endpoint["authorization"]["credentials"]["key"] == \
        "PAIL_METRICS_TOKEN", endpoint
    assert get(port["metrics"], endpoint["path"])[0] == 401
    status, text = get(port["metrics"], endpoint["path"], TOKEN)
    assert status == 200 and "build_info" in text, (status, text)
    c = imapc.Imap(port["imaps"], "ann", suite.PASSWORD, True)
    c.append("INBOX", b"Subject: in a pod\r\n\r\n.\r\n")
    c.ok("SELECT INBOX")
    c.logout()
    with socket.create_connection(("127.0.0.1", port["lmtp"]), 20) as lmtp:
        assert lmtp.recv(100).startswith(b"220 "), "no LMTP"


def renews(s, volumes, port):
    """What is written into the Secrets takes effect: a certificate, a user."""
    old = shown(port)
    s._certificate()
    add_user(s, "bob")
    write_secrets(s, volumes)
    proc.await_true("the new certificate", lambda: shown(port) != old)
    imapc.Imap(port, "bob", suite.PASSWORD, True).logout()
