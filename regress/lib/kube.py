"""etc/kubernetes: its objects, the checkers that mk/testdeps.sh installs, and a
pod as kubelet makes it, but for its namespaces of network and processes."""

import json
import os
import subprocess

import container
import proc
import s3

DIR = os.path.join(proc.TOP, "etc/kubernetes")
TOOLS = os.path.join(proc.TOP, "build/tools")
VERSIONS = ("1.30.0", "1.37.0")         # mk/testdeps.sh has their schemas
SITES = ("aws", "other")                # pail/ci/*-values.yaml
UID = 10001
LOAD = "import json, sys, yaml\n" \
       "print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"


def tool(name):
    return s3.find(name)


def run(argv, text=""):
    return subprocess.run(argv, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, text=True)


def load(text):
    """The documents of this YAML, by the Python that has PyYAML."""
    r = run([os.path.join(TOOLS, "venv/bin/python3"), "-c", LOAD], text)
    assert r.returncode == 0, r.stderr
    return [d for d in json.loads(r.stdout) if d]


def manifests(secrets=False):
    """The text of all manifests that kustomization.yaml names."""
    with open(os.path.join(DIR, "manifests/kustomization.yaml")) as f:
        names = load(f.read())[0]["resources"]
    names += ["secrets.example.yaml"] if secrets else []
    texts = []
    for name in names:
        with open(os.path.join(DIR, "manifests", name)) as f:
            texts.append(f.read())
    return "\n---\n".join(texts)


def values(site):
    return os.path.join(DIR, "pail/ci/%s-values.yaml" % site)


def helm(*args):
    return run([tool("helm"), *args])


def render(site="aws", *more, release="pail"):
    """The text of the chart for this site."""
    r = helm("template", release, os.path.join(DIR, "pail"), "--kube-version",
             VERSIONS[0], "-f", values(site), *more)
    assert r.returncode == 0, r.stderr
    return r.stdout


def kustomize(folder):
    """The text of what this kustomization builds."""
    r = run([tool("kustomize"), "build", folder])
    assert r.returncode == 0, r.stderr
    return r.stdout


def wrong(docs, version):
    """What is wrong with these objects, in words: [] if nothing is."""
    out = []
    text = "".join("---\n%s\n" % json.dumps(d) for d in docs
                   if d["kind"] != "ServiceMonitor")
    r = run([tool("kubeconform"), "-strict", "-output", "json", "-verbose",
             "-kubernetes-version", version, "-schema-location",
             TOOLS + "/kubernetes/{{.NormalizedKubernetesVersion}}/"
             "{{.ResourceKind}}{{.KindSuffix}}.json"], text)
    seen = json.loads(r.stdout)["resources"]
    for x in seen:
        if x["status"] != "statusValid":
            out.append("%s %s: %s" % (x["kind"], x["name"], x["msg"]))
    for d in docs:
        if d["kind"] == "ServiceMonitor":
            seen.append(d)
            r = run([tool("servicemonitor")], json.dumps(d))
            out += [r.stderr] if r.returncode != 0 else []
    assert len(seen) == len(docs), (seen, r.stderr)
    return out


def one(docs, kind, name="pail"):
    found = [d for d in docs if d["kind"] == kind and
             d["metadata"]["name"] == name]
    assert len(found) == 1, (kind, name, len(found))
    return found[0]


class Volume:
    """A volume of files as kubelet writes them (AtomicWriter, fsGroup): a
    directory like a tmpfs's, and links that change all at once."""

    def __init__(self, path, mode=0o600, owner=0):
        self.path, self.owner, self.n = path, owner, 0
        self.mode = mode | 0o440                # fsGroup adds these
        os.mkdir(path)
        os.chown(path, 0, UID)
        os.chmod(path, 0o3777)

    def write(self, files):
        """{name: bytes}, in the place of what was there."""
        self.n += 1
        data = os.path.join(self.path, "..2026_%d" % self.n)
        os.mkdir(data)
        os.chown(data, 0, UID)
        os.chmod(data, 0o2755)
        for name, content in files.items():
            path = os.path.join(data, name)
            with open(path, "wb") as f:
                f.write(content)
            os.chown(path, self.owner, UID)
            os.chmod(path, self.mode)
            link = os.path.join(self.path, name)
            if not os.path.lexists(link):
                os.symlink("..data/" + name, link)
        new = os.path.join(self.path, "..data_tmp")
        os.symlink(os.path.basename(data), new)
        os.rename(new, os.path.join(self.path, "..data"))
        return self


class Pod:
    """The image's files on a read-only root, with the volumes of a Deployment.
    volumes: {name of the volume: Volume}, but for the tmpfs "run"."""

    def __init__(self, build, folder, deployment, volumes):
        self.root = container.files(build, os.path.join(folder, "root"))
        spec = deployment["spec"]["template"]["spec"]
        volumes = dict(volumes)
        self.binds = []
        for m in spec["containers"][0]["volumeMounts"]:
            if m["name"] == "run":
                assert m["mountPath"] == "/run/pail", m
                continue
            os.makedirs(self.root + m["mountPath"])
            self.binds += [volumes.pop(m["name"]).path, m["mountPath"]]
        assert not volumes, volumes

    def argv(self, *command):
        return container.chroot_argv(self.root, self.binds, *command)
