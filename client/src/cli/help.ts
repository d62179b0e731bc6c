export const HELP = `countersign: check licences, and hold a seat while a command runs

Usage:
  countersign verify FILE [--keys FILE | --url URL] [options]
  countersign hold --url URL [options] -- COMMAND [ARGUMENT...]
  countersign keys --url URL [--json | --pem KEY_VERSION]
  countersign hardware-id [--application NAME | -- COMMAND] [--json]

verify      FILE holds license_data, a license_token or a whole acquire answer; - is standard input.
  --keys FILE         public keys: what "countersign keys --json" prints, a JWKS, or PEM
  --url URL           fetch the public keys from this server instead
  --hardware-id ID    the licence must be bound to this machine
  --feature NAME      the licence must include this feature; may be repeated
  --at TIME           judge by this RFC 3339 time instead of now

hold        acquires a seat, runs COMMAND, and gives the seat back when it ends.
  --key-file FILE     holds the licence key; default: the variable COUNTERSIGN_LICENSE_KEY
  --application NAME  salt of the hardware id; default: the name of COMMAND
  --hardware-id ID    default: COUNTERSIGN_HARDWARE_ID, else this machine's
  --wait SECONDS      wait for a free seat; default 0
  --patience SECONDS  keep trying while the server cannot be reached; default 30
  --keys FILE         pinned public keys; default: fetched from the server
  --on-lost ACTION    when the seat is lost: "terminate" the command (default), or only "warn"
  --grace SECONDS     from asking the command to end until killing what is left of it; default 10
  --hide-machine      send neither host name nor platform to the licence's administrators

keys        prints the public keys that the server has published.
  --pem KEY_VERSION   one key as PEM
  --url URL           of the licence server; default: the variable COUNTERSIGN_URL

hardware-id prints what tells this machine from others, as hold would send it.
  --application NAME  as for hold; or give the COMMAND after --

Everywhere:
  --json              print JSON, one document or event a line, for a program to read
  --help, --version

Exit status:
  0   done; hold: the command's own status, or 128 + the signal that ended it
  1   verify: the licence is not valid       64  wrong usage
  66  a file cannot be read                  69  no answer of the server; the message says why
  75  all seats are in use                   77  the licence is refused, or the seat was lost
`;
