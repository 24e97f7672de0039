#!/bin/sh
# Checks that the Makefile works with bmake, too: builds one program in a
# directory of its own.
set -eu
cd "$(dirname "$0")/.."
bmake B=build/bmake rules
bmake -f build/bmake/rules.mk build/bmake/common/buf_test
build/bmake/common/buf_test > /dev/null
