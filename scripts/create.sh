#!/usr/bin/env bash
# scripts/create.sh: from an empty project to production; safe to repeat at any point. --help says more.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d node_modules ] || npm ci
PATH="$PWD/node_modules/.bin:$PATH" exec node scripts/create/main.ts "$@"
