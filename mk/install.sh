#!/bin/sh
# make install.  usage: install.sh BUILDDIR DESTDIR PREFIX
# Without DESTDIR, as root, it also creates the users of the processes.
set -eu
B=$1 D=$2 P=$3
put() {	# MODE FILE DIRECTORY
	mkdir -p "$D$3"
	install -m "$1" "$2" "$D$3/"
}
for p in paild pailctl pail-deliver; do
	put 755 "$B/bin/$p" "$P/sbin"
done
for p in $(sh mk/procs.sh programs); do
	put 755 "$B/bin/$p" "$P/libexec/pail"
done
for m in man/*.[1-9]; do
	put 644 "$m" "$P/share/man/man${m##*.}"
done
put 644 etc/pail.yaml "$P/share/examples/pail"
for d in filter.d jail.d; do
	put 644 "etc/fail2ban/$d/pail.conf" \
	    "$P/share/examples/pail/fail2ban/$d"
done
# Where bash-completion(7) and zsh look.
mkdir -p "$D$P/share/bash-completion/completions"
install -m 644 etc/completion/pailctl.bash \
    "$D$P/share/bash-completion/completions/pailctl"
put 644 etc/completion/_pailctl "$P/share/zsh/site-functions"
put 644 etc/grafana/pail.json "$P/share/examples/pail/grafana"
for f in prometheus.yml pail.rules.yml; do
	put 644 "etc/prometheus/$f" "$P/share/examples/pail/prometheus"
done
for f in $(cd etc && find kubernetes -type f); do
	put 644 "etc/$f" "$P/share/examples/pail/${f%/*}"
done
case $(uname -s) in
OpenBSD)
	mkdir -p "$D/etc/rc.d"
	sed "s|/usr/local|$P|g" etc/paild.rc > "$D/etc/rc.d/paild"
	chmod 555 "$D/etc/rc.d/paild" ;;
FreeBSD)
	mkdir -p "$D$P/etc/rc.d"
	sed "s|/usr/local|$P|g" etc/paild.rc.freebsd > "$D$P/etc/rc.d/paild"
	chmod 555 "$D$P/etc/rc.d/paild" ;;
*)	mkdir -p "$D$P/lib/systemd/system" "$D$P/lib/sysusers.d" \
	    "$D$P/lib/tmpfiles.d"
	sed "s|/usr/local|$P|g" etc/paild.service \
	    > "$D$P/lib/systemd/system/paild.service"
	put 644 etc/paild.socket "$P/share/examples/pail"
	install -m 644 etc/sysusers.conf "$D$P/lib/sysusers.d/pail.conf"
	install -m 644 etc/tmpfiles.conf "$D$P/lib/tmpfiles.d/pail.conf" ;;
esac
if [ -z "$D" ] && [ "$(id -u)" -eq 0 ]; then
	sh mk/users.sh
fi
echo "installed; copy $P/share/examples/pail/pail.yaml" \
    "to /etc/pail.yaml and edit it"
