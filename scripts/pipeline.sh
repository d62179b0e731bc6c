#!/usr/bin/env bash
# The pipeline on one machine: every step of cloudbuild.yaml that can run here, in order and with the same commands,
# then the smoke test against the suite that runs here. What cannot run is named.
set -euo pipefail
cd "$(dirname "$0")/.."
# The project's own Node, as npm's scripts have it.
export PATH="$PWD/node_modules/.bin:$PATH"

STEPS=(
  'npm ci'
  'npm run check'
  'npm test'
  'npm run build'
)
for step in "${STEPS[@]}"; do
  echo "== $step"
  bash -c "$step"
done

echo '== smoke test'
mkdir -p .local
suite=start
npm pkg get scripts.start:bundles | grep -q node && suite=start:bundles
# Without npm in between: the script execs, so that the signal that ends it reaches the suite itself.
command=$(npm pkg get "scripts.$suite" | tr -d '"')
: >.local/pipeline.log
PORT=${PORT:-8080} bash -c "$command" >>.local/pipeline.log 2>&1 &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true' EXIT
until grep -q 'countersign is ready' .local/pipeline.log; do
  kill -0 "$pid" 2>/dev/null || { cat .local/pipeline.log >&2; exit 1; }
  sleep 1
done
of_stack() { node -p "JSON.parse(require('node:fs').readFileSync('.local/stack.json', 'utf8')).$1"; }
SMOKE_URL=$(of_stack gateway) SMOKE_TOKEN=$(of_stack tokens.service) SMOKE_LICENSE_KEY=$(of_stack license_key) \
  node scripts/smoke-test.ts

echo '== sbom'
npm sbom --omit dev --sbom-format cyclonedx --sbom-type application >.local/sbom.cdx.json

if docker info >/dev/null 2>&1; then
  for bundle in dist/*/main.cjs; do
    name=$(basename "$(dirname "$bundle")")
    echo "== image of $name"
    docker build --quiet --file containers/function.Dockerfile --build-arg "FUNCTION=$name" --tag "countersign/$name" .
  done
else
  echo '== left out: images (no Docker here)'
fi
echo '== left out: the release, which needs the project; a fake gcloud drives it in test/unit/release'
