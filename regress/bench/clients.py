#!/usr/bin/env python3
"""make clients: 100 APPENDs of unmodified clients on a connection as they
make it and on one with TCP_NODELAY, by turns; both medians, and a failure
when the first is 5 ms more (issue 10, Shows 4). async-imap's is built by
mk/testdeps.sh clients."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lib"))

import nodelay                                          # noqa: E402
import proc                                             # noqa: E402


def main():
    nodelay.imaplib_appends()
    nodelay.ruby_appends()
    program = os.environ.get("ASYNC_IMAP", os.path.join(
        proc.TOP, "build/tools/async-imap"))
    nodelay.program_appends("async-imap", [program])
    nodelay.two_pieces()


if __name__ == "__main__":
    main()
