#!/usr/bin/env bash
set -euo pipefail
for one in a b; do
  cargo test -p "$one" #! build-unlocked secret-in-build
done
. ci/more.sh
