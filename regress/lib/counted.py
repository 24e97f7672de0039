"""Requests, as counted by MinIO itself."""

import proc
import s3
import suite


def settled():
    """The counts once they stand still: a log object may be written, and
    looked at, behind the commit that made the head full."""
    last = []

    def still():
        last.append(suite.minio().counts())
        return last[-4:] == [last[-1]] * 4

    proc.await_true("nothing is under way", still, step=0.1)
    return last[-1]


class Counted:
    """Requests at MinIO between enter and exit; the suite's store is
    suite.store("counted")."""

    def __enter__(self):
        self.before = settled()
        self.n = {}
        return self

    def __exit__(self, *exc):
        self.n = s3.since(self.before, settled())
        print("   counted:", self.n)

    def of(self, name):
        return self.n.get(name, 0)
