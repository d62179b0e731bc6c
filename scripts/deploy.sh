#!/usr/bin/env bash
# scripts/deploy.sh ENVIRONMENT: every release after the first (scripts/create.sh). --help says more.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d node_modules ] || npm ci
PATH="$PWD/node_modules/.bin:$PATH" exec node scripts/deploy/main.ts "$@"
