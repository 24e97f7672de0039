"""The objects in a store, behind Pail's back, to damage them: the same
operations for the directory of a file store and for a bucket."""

import hashlib
import os


def prefix(user):
    """Where a user's objects are, as pail-bucket(5) says."""
    return "%s/%s/" % (hashlib.md5(user.encode()).hexdigest()[:8], user)


class Files:
    """The objects of a file store; what is written is its owner's."""

    def __init__(self, root):
        self.root = root

    def _path(self, key):
        return os.path.join(self.root, key)

    def get(self, key):
        with open(self._path(key), "rb") as f:
            return f.read()

    def _own(self, path):
        st = os.stat(self.root)
        os.chown(path, st.st_uid, st.st_gid)

    def _room(self, path):
        """The directories above it."""
        d = os.path.dirname(path)
        if not os.path.isdir(d):
            self._room(d)
            os.mkdir(d)
            self._own(d)

    def put(self, key, data):
        path = self._path(key)
        self._room(path)
        with open(path + ".new", "wb") as f:    # a linked one stays
            f.write(data)
        self._own(path + ".new")
        os.rename(path + ".new", path)

    def copy(self, key, to):
        self._room(self._path(to))
        os.link(self._path(key), self._path(to))

    def delete(self, key):
        os.unlink(self._path(key))

    def list(self, where):
        """All keys that begin so, which ends with a slash."""
        return sorted(os.path.relpath(os.path.join(d, n), self.root)
                      for d, _, names in os.walk(self._path(where))
                      for n in names)


class Bucket:
    """The objects of a bucket. server: s3.S3"""

    def __init__(self, server, bucket):
        self.server, self.bucket = server, bucket

    def get(self, key):
        return self.server.get(self.bucket, key)

    def put(self, key, data):
        self.server.put(self.bucket, key, data)

    def copy(self, key, to):
        status, _, body = self.server.request(
            "PUT", "/%s/%s" % (self.bucket, to),
            headers={"x-amz-copy-source": "/%s/%s" % (self.bucket, key)})
        assert status == 200 and b"<ETag>" in body, (status, body)

    def delete(self, key):
        self.server.delete(self.bucket, key)

    def list(self, where):
        return sorted(k for k, _ in self.server.list(self.bucket, where))


def of(s):
    """The store of a suite.Suite."""
    if s.store == "file":
        return Files(os.path.join(s.dir, "store"))
    return Bucket(*s.store)
