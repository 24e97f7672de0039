"""What sign.c does, with AWS's own signer, in the Python environment that has
it (build/tools/venv): a JSON list of requests in, one of Authorization out."""

import datetime
import json
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials


def sign(r):
    botocore.auth.get_current_datetime = lambda: datetime.datetime.strptime(
        r["date"], "%Y%m%dT%H%M%SZ")
    auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(
        r["access"], r["secret"], r["token"] or None), "s3", r["region"])
    auth.payload = lambda request: r["payload"]
    a = botocore.awsrequest.AWSRequest(
        method=r["method"], url="https://%s%s%s" % (
            r["host"], r["path"], "?" + r["query"] if r["query"] else ""),
        headers=dict(r["headers"]))
    auth.add_auth(a)
    return a.headers["Authorization"]


json.dump([sign(r) for r in json.load(sys.stdin)], sys.stdout)
