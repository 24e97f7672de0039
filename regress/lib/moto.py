"""moto's server: AWS's IAM and STS, which look at every signature once a user
and two roles are there."""

import json
import os
import re
import subprocess
import urllib.parse

import proc
import s3

ROLES = "arn:aws:iam::123456789012:role/"


def statement(**more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        dict(more, Effect="Allow")]})


class Moto:
    """A user "mail" (access, secret), who may all, and roles that all may
    assume. user: its ARN."""

    user = "arn:aws:iam::123456789012:user/mail"

    def __init__(self, *roles):
        port = proc.free_port()
        self.api = s3.S3("127.0.0.1", port, "setup", "setup")
        self.url = self.api.endpoint
        self.p = proc.spawn(
            [os.path.join(proc.TOP, "build/tools/venv/bin/moto_server"),
             "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=dict(
                os.environ, INITIAL_NO_AUTH_ACTION_COUNT=str(
                    3 + 2 * len(roles))))
        proc.await_true("moto listens", lambda: proc.can_connect(port), 60)
        self.make(roles)

    def make(self, roles):
        all_ = statement(Action="*", Resource="*")
        trust = statement(Action="sts:AssumeRole", Principal={"AWS": "*"})
        self.iam("CreateUser", UserName="mail")
        self.iam("PutUserPolicy", UserName="mail", PolicyName="all",
                 PolicyDocument=all_)
        text = self.iam("CreateAccessKey", UserName="mail")
        self.access, self.secret = (
            re.search("<%s>(.*?)<" % x, text)[1]
            for x in ("AccessKeyId", "SecretAccessKey"))
        for role in roles:
            self.iam("CreateRole", RoleName=role,
                     AssumeRolePolicyDocument=trust)
            self.iam("PutRolePolicy", RoleName=role, PolicyName="all",
                     PolicyDocument=all_)

    def iam(self, action, **form):
        body = urllib.parse.urlencode(dict(
            form, Action=action, Version="2010-05-08")).encode()
        c = self.api.connect()
        c.request("POST", "/", body, self.api.signed("POST", "/", "", body, {
            "content-type": "application/x-www-form-urlencoded"}, "iam"))
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        assert r.status == 200, (action, r.status, text)
        return text

    def stop(self):
        proc.end(self.p)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.stop()
