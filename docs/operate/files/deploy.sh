#!/usr/bin/env bash
# Puts /tmp/parlance.tar.gz into place and restarts, one unit after another; run as root on the server.
# A version has a folder of its own, so that going back is one link and one restart.
set -euo pipefail

archive=${1:-/tmp/parlance.tar.gz}
releases=${RELEASES:-/opt/parlance-releases}
current=${CURRENT:-/opt/parlance}
units=${UNITS:-parlance parlance-worker}
ready=${READY:-http://127.0.0.1:8000/readyz}
tries=${TRIES:-120}

mkdir -p "$releases"
release=$(mktemp -d "$releases/$(date -u +%Y%m%d-%H%M%S)-XXXXXX")
chmod 755 "$release"
tar -xzf "$archive" -C "$release"
(cd "$release" && PARLANCE_MONGODB_URL="${PARLANCE_MONGODB_URL:-given}" set_up/prepare runtime)

before=$(readlink "$current" || true)
ln -sfn "$release" "$current.new"
mv -T "$current.new" "$current"

wait_until_ready() {
    for _ in $(seq "$tries"); do
        if curl -fsS -o /dev/null "$ready" 2>/dev/null; then return 0; fi
        sleep 1
    done
    return 1
}

for unit in $units; do
    systemctl is-enabled --quiet "$unit" || continue
    systemctl restart "$unit"
done
if ! wait_until_ready; then
    echo "deploy: $release does not get ready." >&2
    if [ -n "$before" ]; then
        ln -sfn "$before" "$current.new"
        mv -T "$current.new" "$current"
        for unit in $units; do systemctl is-enabled --quiet "$unit" && systemctl restart "$unit"; done
        echo "deploy: went back to $before. If the new version had run a migration, the old one" >&2
        echo "refuses that database: restore the backup from before, see docs/operate/upgrading.md." >&2
    fi
    exit 1
fi

# The version before stays, for going back; older ones go.
find "$releases" -mindepth 1 -maxdepth 1 -type d | sort | head -n -2 | xargs -r rm -rf
rm -f "$archive"
echo "deploy: $release runs."
