#!/usr/bin/env bash
# An image a function, pushed; images.txt then has a line for each: its name, and the image by digest.
# Environment: _FUNCTIONS, _REGISTRY, BUILD_ID.
set -euo pipefail

for name in $_FUNCTIONS; do
  image="$_REGISTRY/$name:$BUILD_ID"
  docker build --file containers/function.Dockerfile --build-arg "FUNCTION=$name" --tag "$image" . >&2
  docker push "$image" >&2
  echo "$name $(docker inspect --format '{{index .RepoDigests 0}}' "$image")"
done >images.txt
