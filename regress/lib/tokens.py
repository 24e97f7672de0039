"""Temporary keys that really end: MinIO's shortest last a quarter of an hour,
so a proxy rejects them when their life is over, in AWS's words."""

import json
import os
import re
import time

import s3proxy
import suite
from credentials import Keys, assume_role
from load import Load
from mails import small


# A set of another account: its signature is good, and it may do nothing.
NO_RIGHTS = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]})


class Ending(Keys):
    """Keys for an Imds; the store (.store) takes them for life seconds. Keys
    that it does not know are not rejected."""

    def __init__(self, life):
        self.server, bucket = suite.store("counted")
        self.ends, self.made, self.rejected = {}, [], 0
        self.policy = None      # of the sets to come
        self.good = 0           # until then the best set lasts
        super().__init__(self.new, life)
        self.proxy = s3proxy.Proxy(self.server)
        self.proxy.refuse = self.refuse
        self.store = self.proxy, bucket

    def new(self):
        policy = self.policy
        keys = assume_role(self.server, policy=policy)
        # Its end is told in whole seconds.
        self.ends[keys[0]] = int(time.time()) + self.life
        if policy is None:
            self.good = self.ends[keys[0]]
        self.made.append(keys)
        return keys

    def document(self, life=None):
        was = self.good
        found = super().document(life)
        if life is not None:            # they claim to have ended
            self.good = was
        return found

    def refuse(self, r):
        m = re.search(rb"Credential=(\w+)/", r.head)
        if m and time.time() > self.ends.get(m.group(1).decode(), 1e12):
            self.rejected += 1
            return 400, "ExpiredToken"
        return None

    def close(self):
        self.proxy.close()


class Visits(Load):
    """Clients that log in anew after every 20 messages, and remove these."""

    def work(self, n, user):
        while not self.over.is_set():
            c = self.s.client(user)
            c.ok("SELECT INBOX")
            for i in range(20):
                if self.over.is_set():
                    break
                c.append("INBOX", small(i))
                c.ok("STORE 1:* +FLAGS.SILENT (\\Seen)")
                c.ok("FETCH * BODY[]")
                self.done[n] += 1
                self.over.wait(0.02)
            c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            c.ok("EXPUNGE")
            c.logout()


SOAK = int(os.environ.get("SECONDS", 3600)) if os.environ.get("SOAK") else 0
