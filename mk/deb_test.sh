#!/bin/sh
# make deb-test: the package, built by make deb in a minimal Debian 12 from what
# is committed (unless build/deb has one), in another, booted with
# systemd-nspawn: installed and not started, configured by pailctl init against
# a MinIO, started by its unit with all its restrictions; mail goes in by
# Postfix and out by mutt; upgraded while it serves; its own tests run by
# autopkgtest; purged: nothing is left.  Needs root, the machine's mirror, and
# MinIO (mk/testdeps.sh).
# usage: deb_test.sh [DIR]	(DIR: made anew; the base is kept in DIR.tar)
set -eu
cd "$(dirname "$0")/.."
TOP=$PWD
DIR=${1:-/var/tmp/pail-deb}
[ "$(id -u)" -eq 0 ] || { echo "make deb-test needs root"; exit 1; }
sh mk/deps.sh deb-test
mkdir -p build/deb
DEB=$(ls build/deb/pail_*.deb 2>/dev/null || true)
MINIO=$(PATH=$TOP/build/tools:$PATH command -v "${MINIO:-minio}")
nspawn= leader=

say() { echo "== $*"; }
no() { echo "deb-test: $*"; exit 1; }
finish() {
	[ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null || true
	[ -z "$nspawn" ] || kill -KILL "$nspawn" 2>/dev/null || true
	wait 2>/dev/null || true
	umount "$DIR/proc" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 1' INT TERM

# apt's settings, and how this machine reaches its mirror.
settings() {
	for f in /etc/apt/sources.list.d/debian.sources /etc/apt/apt.conf \
	    /etc/resolv.conf /etc/hosts /etc/apt/apt.conf.d/*proxy* \
	    /etc/apt/apt.conf.d/*registry*; do
		[ ! -f "$f" ] || cp -L "$f" "$DIR$f"
	done
	[ ! -f "$DIR/etc/apt/sources.list.d/debian.sources" ] ||
	    rm -f "$DIR/etc/apt/sources.list"
	cp -rL /etc/ssl/certs "$DIR/etc/ssl/" 2>/dev/null || true
}
vars=$(env | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)=' |
    tr '\n' ' ')
outside() {	# in DIR, with this machine's network
	# shellcheck disable=SC2086
	env -i $vars PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
	    DEBIAN_FRONTEND=noninteractive chroot "$DIR" sh -euc "$1"
}
base() {
	mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources \
	    2>/dev/null | head -n 1)
	[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { print $2; exit }' \
	    /etc/apt/sources.list)
	debootstrap --variant=minbase --include=ca-certificates,systemd,\
systemd-sysv,dbus bookworm "$DIR" "$mirror" > build/deb/debootstrap.log
	settings
	mount -t proc proc "$DIR/proc"
	outside 'apt-get update -qq; apt-get install -y -qq \
	    --no-install-recommends postfix mutt curl procps >/dev/null'
	umount "$DIR/proc"
	tar -C "$DIR" -cf "$DIR.tar.new" .
	mv "$DIR.tar.new" "$DIR.tar"
}

# In the container: its own processes, network and mounts.
inside() { nsenter -t "$leader" -m -u -i -n -p -C -r -w sh -euc "$1"; }
await() {	# WHAT COMMAND
	i=0
	until inside "$2" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 600 ] || no "$1: not within a minute"
		sleep 0.1
	done
}
files() {
	inside 'find / -xdev \( -path /proc -o -path /var/lib/dpkg -o \
	    -path /var/log -o -path /var/cache/apt -o -path /var/lib/apt -o \
	    -path /var/cache/debconf -o -path /tmp -o -path /var/tmp -o \
	    -path /root -o -path /srv -o -path /var/spool/postfix -o \
	    -path /var/lib/postfix -o -path /var/lib/systemd -o \
	    -path /var/cache/ldconfig \) -prune \
	    -o -print; find /run/pail* /var/lib/systemd/deb-systemd-helper* \
	    -name "*pail*" 2>/dev/null || true' | LC_ALL=C sort
}

bare() {	# with proc mounted, for outside()
	rm -rf --one-file-system "$DIR"
	mkdir -p "$DIR"
	if [ -f "$DIR.tar" ]; then tar -C "$DIR" -xf "$DIR.tar"; else base; fi
	mount -t proc proc "$DIR/proc"
	settings
}
build() {
	outside 'apt-get update -qq; apt-get install -y -qq \
	    --no-install-recommends git make gcc libc6-dev >/dev/null'
	git clone -q "$TOP" "$DIR/root/pail"
	outside 'cd /root/pail && make deb' > build/deb/make.log 2>&1 ||
	    no "$(tail -n 40 build/deb/make.log)"
	cp "$DIR"/root/pail/build/deb/* build/deb/
	umount "$DIR/proc"
}

bare
if [ -z "$DEB" ]; then
	say "make deb"
	build
	DEB=$(ls build/deb/pail_*.deb)
	bare
fi
say "what the package and its tests depend on"
tests=$(sed -n 's/^Depends: @, *//p' debian/tests/control)
outside "apt-get update -qq; apt-get satisfy -y -qq \
    --no-install-recommends '$(dpkg-deb -f "$DEB" Depends)' '$tests' \
    autopkgtest dpkg-dev >/dev/null"
umount "$DIR/proc"
cp "$DEB" "$DIR/root/pail.deb"
cp "$MINIO" "$DIR/root/minio"
mkdir -p "$DIR/root/source"
cp -r debian "$DIR/root/source/"
# The same once more, as the next version.
dpkg-deb -R "$DEB" build/deb/next
sed -i 's/^Version: .*/&+next/' build/deb/next/DEBIAN/control
dpkg-deb --root-owner-group -b build/deb/next "$DIR/root/next.deb" >/dev/null
rm -r build/deb/next

say "boots"
# Not all of nspawn's own filter: it does not know Landlock.
systemd-nspawn -q --register=no --keep-unit --private-network -b -D "$DIR" \
    --system-call-filter="landlock_create_ruleset landlock_add_rule \
    landlock_restrict_self" --console=read-only > build/deb/console.log 2>&1 < /dev/null &
nspawn=$!
i=0
until leader=$(pgrep -P "$nspawn"); do
	i=$((i + 1))
	[ $i -lt 100 ] || no "systemd-nspawn: $(cat build/deb/console.log)"
	sleep 0.1
done
await "systemd" 'systemctl is-system-running | grep -E "running|degraded"'
await "loopback" 'systemctl is-active postfix'
files > build/deb/before

say "installed, and neither enabled nor started"
inside 'dpkg -i /root/pail.deb' > build/deb/install.log
inside '! systemctl is-enabled -q paild; ! systemctl is-active -q paild'
inside 'for u in imap lmtp store auth cred admin; do id "_pail_$u" >/dev/null; done'
inside 'test "$(dpkg-query -W -f "\${Conffiles}" pail | wc -w)" -eq 2'
inside 'paild -n 2>&1 || true' | grep -q 'store needs "bucket"' ||
    no "the conffile does not ask for a bucket"

say "configured against MinIO"
inside 'mkdir -p /srv/minio; systemd-run -q --unit=minio \
    -E MINIO_ROOT_USER=admin -E MINIO_ROOT_PASSWORD=correct-horse \
    -E MINIO_BROWSER=off -E HOME=/root \
    /root/minio server --address 127.0.0.1:9000 /srv/minio'
await "MinIO" 'curl -sf http://127.0.0.1:9000/minio/health/live'
inside 'curl -sf -X PUT --user admin:correct-horse \
    --aws-sigv4 aws:amz:us-east-1:s3 http://127.0.0.1:9000/mail
(umask 077; echo correct-horse > /root/secret; echo wrong > /root/wrong
echo battery > /root/password)'
init() {	# with this secret key; the conffile says so
	inside "pailctl init --bucket mail --region us-east-1 \
	    --endpoint http://127.0.0.1:9000 --credentials key \
	    --access-key admin --secret-key-file $1 --certificate none \
	    --listen imap://127.0.0.1:143 --domains example.org --user ann \
	    --password-file /root/password" > build/deb/init.log 2>&1
}
! init /root/secret || no "pailctl init has replaced the conffile"
inside 'grep -q "pailctl init" /etc/pail.yaml; rm /etc/pail.yaml'
! init /root/wrong || no "pailctl init takes a wrong secret key"
grep -q 'secret' build/deb/init.log || no "$(cat build/deb/init.log)"
init /root/secret || no "$(cat build/deb/init.log)"
inside 'paild -n; pailctl user list | grep -q ann'

say "started by its unit"
inside 'systemctl enable -q --now paild' || {
	inside 'journalctl -u paild -n 40 --no-pager'
	no "paild does not start"
}
inside 'systemctl show -p StatusText -p ActiveState -p NRestarts paild'
inside 'test "$(systemctl show -P StatusText paild)" = "Serving 0 sessions"'
# Under all its restrictions: of paild, and what each child adds.
inside 'p=$(systemctl show -P MainPID paild)
test "$(grep -c "^Seccomp:	2" /proc/$p/status)" = 1
test "$(grep "^NoNewPrivs" /proc/$p/status | tr -d "[:space:]")" = \
    NoNewPrivs:1
for u in imap lmtp store auth cred; do pgrep -u "_pail_$u" >/dev/null; done'

say "in by Postfix, out by mutt"
inside 'postconf -e "virtual_mailbox_domains = example.org" \
    "virtual_transport = lmtp:unix:/run/pail/lmtp.sock" \
    "mydestination = localhost" "inet_protocols = ipv4" \
    "lmtp_tls_security_level = none"
postconf -F lmtp/unix/chroot=n
systemctl restart postfix
printf "Subject: from Postfix\n\nHello, Pail.\n" |
    sendmail -f root@localhost ann@example.org'
await "delivery" 'journalctl --no-pager | grep "to=<ann@example.org>.*status=sent"'
read_mail() {
	inside 'rm -f /root/out; cat > /root/muttrc <<X
set imap_user=ann imap_pass=battery ssl_starttls=no ssl_force_tls=no
set mbox_type=mbox confirmcreate=no confirmappend=no move=no delete=no
set quit=yes copy=no wait_key=no folder=/root
push "<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>/root/out<enter><quit>"
X
HOME=/root TERM=vt100 timeout 60 script -qec \
    "mutt -n -F /root/muttrc -R -f imap://127.0.0.1/INBOX" /dev/null \
    >/dev/null </dev/null
grep -q "^Subject: from Postfix" /root/out && grep -q "Hello, Pail" /root/out'
}
read_mail || no "mutt does not see the mail"

say "upgraded while it serves"
was=$(inside 'systemctl show -P MainPID paild; md5sum /etc/pail.yaml')
inside 'dpkg -i /root/next.deb' > build/deb/upgrade.log 2>&1 ||
    no "$(cat build/deb/upgrade.log)"
inside 'systemctl is-active -q paild' || {
	inside 'journalctl -u paild -n 40 --no-pager'
	no "paild does not run after the upgrade"
}
now=$(inside 'systemctl show -P MainPID paild; md5sum /etc/pail.yaml')
[ "${was%%
*}" != "${now%%
*}" ] || no "the upgrade has not restarted it"
[ "${was#*
}" = "${now#*
}" ] || no "the upgrade has changed the configuration"
read_mail || no "mutt does not see the mail after the upgrade"

# In a container, as it asks for: only that "null" cannot know.
say "its own tests, by autopkgtest"
inside 'autopkgtest -q -B -o /root/autopkgtest /root/next.deb /root/source \
    --ignore-restrictions=isolation-container -- null' \
    > build/deb/autopkgtest.log 2>&1 || no "$(cat build/deb/autopkgtest.log)"
cat "$DIR/root/autopkgtest/summary"
! grep -v PASS "$DIR/root/autopkgtest/summary" || no "not all tests ran"

say "removed, then purged"
inside 'dpkg -r pail' > build/deb/remove.log 2>&1
inside '! systemctl is-active -q paild; ! pgrep -u _pail_store
test -e /etc/pail.yaml && ! test -e /usr/sbin/paild'
inside 'dpkg -P pail; systemctl daemon-reload' > build/deb/purge.log 2>&1
inside 'systemctl stop minio; rm -f /etc/systemd/system/x' || true
files > build/deb/after
diff build/deb/before build/deb/after || no "purging left something"
inside 'id _pail_store >/dev/null; ! dpkg-query -W pail 2>/dev/null'
inside 'ls /srv/minio/mail | grep -q .' || no "the mail went, too"
say "nothing is left but the users and the bucket"
echo "deb-test: passed"
