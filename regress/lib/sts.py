"""Services that give temporary keys, for the tests: an STS as strict as
AWS's, and an OpenID provider whose tokens MinIO's own STS takes."""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import time
import urllib.parse
import xml.sax.saxutils

import proc
from credentials import Service, rfc3339
from s3 import Minio

FORM = "application/x-www-form-urlencoded"


class Refused(Exception):
    """Of the STS: status, code, message."""


def refuse(status, code, message):
    raise Refused(status, code, message)


class Sts(Service):
    """AssumeRole for users and for roles, each signed (Signature Version 4,
    service sts) with keys that are still good. users: access key: secret.
    roles: ARN: {"by": who may (a user's access key, or a role's ARN),
    "external_id", "keys" (what it gives instead of its own), "life" (s)}."""

    def __init__(self, region, users, roles):
        self.region, self.roles = region, roles
        # access key: (secret, token, ends, who)
        self.known = {a: (s, None, float("inf"), a)
                      for a, s in users.items()}
        self.given = []                 # (ARN, parameters)
        self.deny = {}                  # ARN: (status, code, message)
        super().__init__()

    def answer(self, method, path, headers, body):
        try:
            return 200, {"Content-Type": "text/xml"}, self.assume(
                method, path, headers, body)
        except Refused as e:
            status, code, message = e.args
            return status, {"Content-Type": "text/xml"}, (
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/"
                "2011-06-15/\"><Error><Type>Sender</Type><Code>%s</Code>"
                "<Message>%s</Message></Error><RequestId>r</RequestId>"
                "</ErrorResponse>" % (code, xml.sax.saxutils.escape(
                    message))).encode()

    def signer(self, headers, body):
        """Who has signed it."""
        m = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/sts/"
            r"aws4_request, SignedHeaders=([a-z0-9;-]+), "
            r"Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
        if m is None:
            refuse(403, "IncompleteSignature", "no signature")
        access, day, region, names, signature = m.groups()
        if access not in self.known:
            refuse(403, "InvalidClientTokenId", "unknown access key")
        secret, token, ends, who = self.known[access]
        if headers.get("X-Amz-Security-Token") != token:
            refuse(403, "InvalidClientTokenId", "not its session token")
        if ends < time.time():
            refuse(400, "ExpiredToken", "the token has expired")
        must = {"host", "x-amz-date"} | (
            {"x-amz-security-token"} if token else set())
        stamp = headers.get("X-Amz-Date", "")
        if not must <= set(names.split(";")) or stamp[:8] != day or \
                region != self.region:
            refuse(403, "SignatureDoesNotMatch", "scope or headers")
        canon = "\n".join(
            ["POST", "/", ""] +
            ["%s:%s" % (n, headers.get(n, "")) for n in names.split(";")] +
            ["", names, hashlib.sha256(body).hexdigest()])
        text = "\n".join([
            "AWS4-HMAC-SHA256", stamp, "%s/%s/sts/aws4_request" % (
                day, region), hashlib.sha256(canon.encode()).hexdigest()])
        key = ("AWS4" + secret).encode()
        for part in (day, region, "sts", "aws4_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if key.hex() != signature:
            refuse(403, "SignatureDoesNotMatch", "another signature")
        return who

    def assume(self, method, path, headers, body):
        if method != "POST" or path != "/" or \
                headers.get("Content-Type") != FORM:
            refuse(400, "ValidationError", "not a form, or in the URL")
        try:
            pairs = urllib.parse.parse_qsl(
                body.decode(), keep_blank_values=True, strict_parsing=True)
        except ValueError:
            refuse(400, "MalformedQueryString", "not a form")
        q = dict(pairs)
        allowed = {"Action", "Version", "RoleArn", "RoleSessionName",
                   "ExternalId", "DurationSeconds", "Policy"}
        if len(q) != len(pairs) or not set(q) <= allowed or \
                q.get("Action") != "AssumeRole" or \
                q.get("Version") != "2011-06-15" or not re.fullmatch(
                    r"[\w+=,.@-]{2,64}", q.get("RoleSessionName", "")):
            refuse(400, "ValidationError", "parameters")
        who = self.signer(headers, body)
        arn = q.get("RoleArn")
        role = self.roles.get(arn)
        if arn in self.deny:
            refuse(*self.deny[arn])
        if role is None or role["by"] != who or \
                role.get("external_id") != q.get("ExternalId"):
            refuse(403, "AccessDenied", "User: %s is not authorized to "
                   "perform: sts:AssumeRole on resource: %s" % (who, arn))
        self.given.append((arn, q))
        return self.give(arn, role, q["RoleSessionName"])

    def give(self, arn, role, session):
        if "keys" in role:
            access, secret, token = role["keys"]()
        else:
            access, secret, token = ("ASIA" + os.urandom(8).hex().upper(),
                                     os.urandom(20).hex(),
                                     os.urandom(60).hex())
        ends = time.time() + role.get("life", 3600)
        self.known[access] = (secret, token, ends, arn)
        user = arn.replace(":iam:", ":sts:").replace(
            ":role/", ":assumed-role/") + "/" + session
        return (
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/"
            "2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>"
            "<AssumedRoleId>AROA:%s</AssumedRoleId><Arn>%s</Arn>"
            "</AssumedRoleUser><Credentials><AccessKeyId>%s</AccessKeyId>"
            "<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s"
            "</SessionToken><Expiration>%s</Expiration></Credentials>"
            "</AssumeRoleResult></AssumeRoleResponse>" % (
                session, user, access, secret, token,
                rfc3339(ends))).encode()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Oidc(Service):
    """An OpenID provider: its discovery document, its one key, and tokens
    for whoever asks for them here."""

    CLIENT = "pail"

    def __init__(self):
        folder = proc.tempdir("oidc")
        self.key = os.path.join(folder, "key.pem")
        self.openssl("genrsa", "-out", self.key, "2048")
        text = self.openssl("rsa", "-in", self.key, "-noout",
                            "-modulus").decode()
        self.modulus = bytes.fromhex(text.strip().split("=")[1])
        super().__init__()

    @staticmethod
    def openssl(*args, data=None):
        return subprocess.run(
            ["openssl", *args], input=data, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=True).stdout

    def answer(self, method, path, headers, body):
        if path == "/.well-known/openid-configuration":
            out = {"issuer": self.url, "jwks_uri": self.url + "/keys",
                   "authorization_endpoint": self.url + "/authorize",
                   "token_endpoint": self.url + "/token",
                   "response_types_supported": ["id_token"],
                   "subject_types_supported": ["public"],
                   "id_token_signing_alg_values_supported": ["RS256"]}
        elif path == "/keys":
            out = {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256",
                             "kid": "1", "n": b64url(self.modulus),
                             "e": "AQAB"}]}
        else:
            return 404, {}, b""
        return 200, {"Content-Type": "application/json"}, \
            json.dumps(out).encode()

    def token(self, life, subject="mail-node"):
        now = int(time.time())
        parts = [{"alg": "RS256", "typ": "JWT", "kid": "1"},
                 {"iss": self.url, "aud": self.CLIENT, "azp": self.CLIENT,
                  "sub": subject, "iat": now, "exp": now + life,
                  "jti": os.urandom(8).hex()}]
        text = ".".join(b64url(json.dumps(p).encode()) for p in parts)
        return text + "." + b64url(self.openssl(
            "dgst", "-sha256", "-sign", self.key, data=text.encode()))


class OidcMinio(Minio):
    """MinIO that takes this provider's tokens for one role."""

    def __init__(self, oidc):
        self.oidc = oidc
        super().__init__()

    @property
    def role_arn(self):
        digest = hashlib.sha1(self.oidc.CLIENT.encode()).digest()
        return "arn:minio:iam:%s::role/%s" % (self.region, b64url(digest))

    def command(self):
        argv, env = super().command()
        return argv, dict(
            env, MINIO_IDENTITY_OPENID_CONFIG_URL=self.oidc.url +
            "/.well-known/openid-configuration",
            MINIO_IDENTITY_OPENID_CLIENT_ID=self.oidc.CLIENT,
            MINIO_IDENTITY_OPENID_CLIENT_SECRET="unused",
            MINIO_IDENTITY_OPENID_ROLE_POLICY="readwrite")
