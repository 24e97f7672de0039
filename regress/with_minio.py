#!/usr/bin/env python3
"""Runs a command with a MinIO of its own, or the server that S3_ENDPOINT
already names: the unit tests of the S3 backend look for S3_ENDPOINT,
S3_BUCKET, S3_REGION, S3_ACCESS_KEY and S3_SECRET_KEY.

usage: with_minio.py command [argument ...]"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import s3                                               # noqa: E402

env = dict(os.environ)
if not env.get("S3_ENDPOINT"):
    m = s3.Minio()
    m.make_bucket("unit")
    env.update(S3_ENDPOINT=m.endpoint, S3_BUCKET="unit",
               S3_REGION=m.region, S3_ACCESS_KEY=m.access,
               S3_SECRET_KEY=m.secret)
sys.exit(subprocess.run(sys.argv[1:], env=env).returncode)
