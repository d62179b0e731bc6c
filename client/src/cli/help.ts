export const HELP = `countersign: check licences, hold a seat while a command runs, and borrow one for days

Usage:
  countersign verify FILE --root FILE [--url URL] [options]
  countersign hold --url URL --root FILE --product NAME [options] -- COMMAND [ARGUMENT...]
  countersign borrow --url URL --root FILE --product NAME [--days N] [options]
  countersign return --url URL --root FILE --product NAME [options]
  countersign status --url URL --root FILE --product NAME [options]
  countersign root --url URL [--json]
  countersign keys --url URL --root FILE [--json | --pem KEY_VERSION]
  countersign hardware-id [--product NAME | --application NAME] [--json]

verify      FILE holds license_data, a license_token, a licence file or a whole acquire answer; - is standard input.
  --root FILE         the pinned root key, from which all keys follow; default: the variable COUNTERSIGN_ROOT_KEY
  --url URL           where the key list is fetched; a licence file needs none
  --keys FILE         public keys in place of the root: what "countersign keys --json" prints, a JWKS, or PEM
  --product NAME      the licence must be for this product
  --hardware-id ID    the licence must be bound to this machine
  --feature NAME      the licence must include this feature; may be repeated
  --at TIME           judge by this RFC 3339 time instead of now

hold        acquires a seat, runs COMMAND, and gives the seat back when it ends.
  --key-file FILE     holds the licence key; default: the variable COUNTERSIGN_LICENSE_KEY
  --product NAME      the licence must be for it; default: the variable COUNTERSIGN_PRODUCT
  --root FILE         as for verify
  --keys FILE         as for verify
  --application NAME  salt of the hardware id; default: the product
  --hardware-id ID    default: COUNTERSIGN_HARDWARE_ID, else this machine's
  --license-file FILE a borrowed seat as a file, for a machine without a network, in place of server and key
  --wait SECONDS      wait for a free seat, in the queue where the licence has one; default 0
  --patience SECONDS  keep trying while the server cannot be reached; default 30
  --on-lost ACTION    when the seat is lost: "terminate" the command (default), or only "warn"
  --grace SECONDS     from asking the command to end until killing what is left of it; default 10
  --hide-machine      send neither host name nor platform to the licence's administrators

borrow      takes a seat and makes it this machine's for days, without the server; prints until when.
  --days N            default: as many as the licence allows
  --key-file FILE …   as for hold

return      gives a borrowed seat back before its time, where the licence allows that.

status      says what is borrowed or kept on this machine, without asking for a seat.

root        prints the root keys, to be pinned once: compare them with what your vendor names.

keys        prints the public keys of the list that the root stands behind, its number, its end, and what is revoked.
  --root FILE         as for verify; without it nothing is checked
  --pem KEY_VERSION   one key as PEM
  --url URL           of the licence server; default: the variable COUNTERSIGN_URL

hardware-id prints what tells this machine from others, as hold would send it, and on standard error its request code,
            by which an administrator makes a licence file for a machine without a network.
  --product, --application  as for hold

Everywhere:
  --json              print JSON, one document or event a line, for a program to read
  --help, --version

Exit status:
  0   done; hold: the command's own status, or 128 + the signal that ended it
  1   verify: the licence is not valid       64  wrong usage
  66  a file cannot be read                  69  no answer of the server; the message says why
  75  all seats are in use                   77  the licence is refused, or the seat was lost
`;
