# Pail.  Reads with GNU make and with bmake; the rules of a build are
# written by mk/rules.sh into build/MODE/rules.mk.
#
#	make		the programs, in build/normal/bin
#	make run	start the suite on the embedded default
#	make regress	all tests, on a normal and an ASan+UBSan build
#	make test	only the unit tests (MODE=asan: on that build)
#	make fresh	both commands in a bare Debian 12
#	make deps	install what building and testing need
#	make install	DESTDIR and PREFIX as usual

MODE =		normal
PREFIX =	/usr/local
DESTDIR =

all: rules
	@$(MAKE) -f build/$(MODE)/rules.mk programs

tests: rules
	@$(MAKE) -f build/$(MODE)/rules.mk programs tests

# One unit test: make one T=common/buf_test
one: rules
	@$(MAKE) -f build/$(MODE)/rules.mk build/$(MODE)/$(T)
	build/$(MODE)/$(T)

fuzzers: rules
	@$(MAKE) -f build/$(MODE)/rules.mk fuzzers

rules:
	@mkdir -p build/$(MODE)
	@sh mk/rules.sh build/$(MODE) $(MODE) > build/$(MODE)/rules.new.$$$$ && \
	if cmp -s build/$(MODE)/rules.new.$$$$ build/$(MODE)/rules.mk; \
	then rm build/$(MODE)/rules.new.$$$$; \
	else mv build/$(MODE)/rules.new.$$$$ build/$(MODE)/rules.mk; fi

test: tests
	@sh mk/unit.sh build/$(MODE)

clean:
	rm -rf build

.PHONY: all tests one fuzzers rules test clean
