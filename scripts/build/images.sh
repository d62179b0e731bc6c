#!/usr/bin/env bash
# An image of each folder of dist/ that has a bundle, pushed; images.txt then has a line for each: its name, and the
# image by digest. Environment: _REGISTRY, BUILD_ID.
set -euo pipefail

for bundle in dist/*/main.cjs; do
  name=$(basename "$(dirname "$bundle")")
  image="$_REGISTRY/$name:$BUILD_ID"
  docker build --file containers/function.Dockerfile --build-arg "FUNCTION=$name" --tag "$image" . >&2
  docker push "$image" >&2
  echo "$name $(docker inspect --format '{{index .RepoDigests 0}}' "$image")"
done >images.txt
