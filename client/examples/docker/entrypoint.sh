#!/bin/sh
# Holds a seat for as long as the container runs:
#   ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
#   CMD ["node", "server.js"]
# docker run --hostname render-1 --env-file countersign.env …
# `exec`, so that `docker stop` reaches countersign, which passes the signal on and gives the seat back.
set -eu
: "${COUNTERSIGN_URL:?set it to the address of the licence server}"
: "${COUNTERSIGN_LICENSE_KEY:?set it to the licence key}"
: "${COUNTERSIGN_ROOT_KEY:?set it to what countersign root prints}"
: "${COUNTERSIGN_PRODUCT:?set it to the product}"
# A container has no machine of its own: its host name is what the seat is bound to.
export COUNTERSIGN_HARDWARE_ID="${COUNTERSIGN_HARDWARE_ID:-$(hostname)}"
exec countersign hold --wait 60 -- "$@"
