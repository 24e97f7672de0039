"""Decorators with which a test tells run.py about itself."""

import os

LIMIT = 300             # seconds; no test without a mark needs a tenth of it


def time_limit(seconds, soak=None):
    """A test that may take longer than LIMIT, or hang sooner. The limit is
    there to end what hangs, not to measure: several times what the test
    takes on a loaded machine. soak: the limit in make soak (SOAK=1)."""
    def mark(f):
        f.time_limit = soak if soak and os.environ.get("SOAK") else seconds
        return f
    return mark


def second_server(f):
    """A test of reading, writing or racing that make regress runs on versitygw,
    too (run.py --second)."""
    f.second_server = True
    return f


def normal_only(why):
    """A test that does not run on the ASan+UBSan build, and why."""
    assert why
    assert isinstance(why, str), "@normal_only(\"why\")"

    def mark(f):
        f.normal_only = why
        return f
    return mark


def alone(why):
    """A test that tells nothing while others run beside it: it measures time,
    say. It does not run on the ASan+UBSan build, and run.py --lanes runs it
    after the others, one at a time."""
    def mark(f):
        f.alone = True
        return normal_only(why)(f)
    return mark
