#!/usr/bin/env bash
# Model checking of the seat protocol (README.md beside this file). Needs spin and gcc; borrow needs node alone.
#   run.sh quick | prove | big | bitstate [name] | live | lease | mutate [name] | borrow | borrowed | linger | all
# Traces of counterexamples go to $OUT (default $TMPDIR/seats-model). MEM: MiB and TIME: seconds for one search.
set -u
here=$(cd "$(dirname "$0")" && pwd); out=${OUT:-${TMPDIR:-/tmp}/seats-model}; mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/seats.XXXXXX"); trap 'rm -rf "$work"' EXIT
MEM=${MEM:-4000}
ALL="ACQ+REL+REAP+ADM"

# search NAME MODEL SPINFLAGS GCCFLAGS PANFLAGS: one line of result; the counterexample, if any, in out/NAME.trace
search() {
  local d=$work/$1; mkdir -p "$d"; cd "$d" || exit 1; cp "$here/$2.pml" .
  spin -a $3 "$2.pml" >spin.log 2>&1; gcc -O2 -w -DNOREDUCE -DMEMLIM="$MEM" $4 -o pan pan.c || { cat spin.log; exit 1; }
  timeout "${TIME:-3600}" ./pan -n $5 >pan.log 2>&1
  local errors states trans complete=complete
  errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log); states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log); trans=$(sed -n 's/^ *\([0-9.e+]*\) transitions.*/\1/p' pan.log)
  grep -qE 'too small|not completed|out of memory|reached -DMEMLIM|Search aborted' pan.log && complete=PARTIAL
  [ -z "$errors" ] && complete=PARTIAL
  [ "${errors:-0}" != 0 ] && complete=counterexample
  if [ -f "$2.pml.trail" ]; then spin -T -t $3 "$2.pml" | sed -n 's/^@ *//p; /<<<<<START OF CYCLE/p' >"$out/$1.trace"; else rm -f "$out/$1.trace"; fi
  printf '%-34s errors %s  states %-12s transitions %-12s %s\n' "$1" "${errors:-?}" "${states:-?}" "${trans:-?}" "$complete"
  cp pan.log "$out/$1.log"; cd "$here"; rm -rf "$d"
}
prove_one() { search "$1" seats "-DCANON -DIDS $2" "-DSAFETY ${3:--DCOLLAPSE}" "${4:--m20000000 -w24}"; }

prove() {
  # Without the reductions of -DCANON, to hold them against:
  search plain-2-agents seats "-DNA=2 -DR0=$ALL -DR1=$ALL -DNL=0 -DNID=6 -DPATCH -DIDS" "-DSAFETY -DCOLLAPSE" "-m20000000 -w24"
  search plain-limbo-1-seat seats "-DNS=1 -DNA=2 -DR0=ACQ -DR1=REL+REAP -DNL=1 -DNID=7 -DIDS" "-DSAFETY -DCOLLAPSE" "-m20000000 -w24"
  prove_one acquire-2-limbo-2 "-DNA=2 -DR0=ACQ -DR1=ACQ -DNL=2 -DNID=8"
  prove_one two-of-each "-DNA=8 -DR0=ACQ -DR1=ACQ -DR2=REL -DR3=REL -DR4=REAP -DR5=REAP -DR6=ADM -DR7=ADM -DNL=0 -DNID=5 -DPATCH"
  prove_one any-3-limbo-1 "-DNA=3 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DNL=1 -DNID=6 -DPATCH"
  prove_one any-3-ended-create "-DNA=3 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DNL=1 -DNID=6 -DPATCH -DENDED_CREATE"
  prove_one any-2-beat-limbo-1 "-DNA=3 -DR0=$ALL -DR1=$ALL -DR2=BEAT -DNL=1 -DNID=7 -DPATCH"
  prove_one 3-seats-3-machines "-DNS=3 -DNM=3 -DNA=2 -DR0=$ALL -DR1=$ALL -DNL=0 -DNID=7 -DPATCH"
  prove_one 3-machines-2-seats-limbo-1 "-DNS=2 -DNM=3 -DNA=2 -DR0=$ALL -DR1=$ALL -DNL=1 -DNID=6 -DPATCH"
  prove_one group "-DGROUP -DNS=2 -DNM=3 -DNA=3 -DR0=GRP+ACQ -DR1=GRP+ACQ -DR2=REL+REAP+ADM -DNL=0 -DNID=7 -DPATCH"
  prove_one group-limbo-1 "-DGROUP -DNS=2 -DNM=2 -DNA=2 -DR0=GRP+ACQ -DR1=GRP+ACQ+REL+REAP -DNL=1 -DNID=9"
}
# Several commits under way, three seats and machines, and two of each kind of agent at once.
big() {
  MEM=12000
  prove_one two-of-each-limbo-1 "-DNA=8 -DR0=ACQ -DR1=ACQ -DR2=REL -DR3=REL -DR4=REAP -DR5=REAP -DR6=ADM -DR7=ADM -DNL=1 -DNID=6 -DPATCH" -DCOLLAPSE "-m60000000 -w26"
  prove_one any-4-limbo-1 "-DNA=4 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DR3=$ALL -DNL=1 -DNID=6 -DPATCH" -DCOLLAPSE "-m60000000 -w26"
  prove_one any-2-limbo-2 "-DNA=2 -DR0=$ALL -DR1=$ALL -DNL=2 -DNID=7 -DPATCH" -DCOLLAPSE "-m60000000 -w26"
  prove_one any-3-limbo-2 "-DNA=3 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DNL=2 -DNID=7 -DPATCH" -DCOLLAPSE "-m60000000 -w26"
  prove_one any-3-3-seats-3-machines "-DNS=3 -DNM=3 -DNA=3 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DNL=0 -DNID=7 -DPATCH" -DCOLLAPSE "-m60000000 -w26"
}

# Not exhaustive: a bit for a state, MINUTES each. What is reported is the states seen; errors count all the same.
bitstate() {
  MEM=${MEM_BIT:-8000}
  for c in \
    "bit-two-of-each-limbo-2:-DNA=8 -DR0=ACQ -DR1=ACQ -DR2=REL -DR3=REL -DR4=REAP -DR5=REAP -DR6=ADM -DR7=ADM -DNL=2 -DNID=8 -DPATCH -DCANON" \
    "bit-two-of-each-3-seats-limbo-1:-DNS=3 -DNM=3 -DNA=8 -DR0=ACQ -DR1=ACQ -DR2=REL -DR3=REL -DR4=REAP -DR5=REAP -DR6=ADM -DR7=ADM -DNL=1 -DNID=8 -DPATCH -DCANON" \
    "bit-plain-3-limbo-1:-DNA=3 -DR0=$ALL -DR1=$ALL -DR2=$ALL -DNL=1 -DNID=9 -DPATCH"
  do
    [[ ${c%%:*} =~ ${1:-.} ]] && search "${c%%:*}" seats "${c#*:}" "-DSAFETY -DBITSTATE" "-m10000000 -w34 -k2 -Q${MINUTES:-5}"
  done
}

# Suspend always ends (weak fairness); shrinking only does once clients stop beating it to each seat: a cycle is found.
live() {
  search live-suspend-and-resume seats "-DLIVE -DPATCH -DSUSPEND_ONLY -DCANON -DNL=0 -DNID=5 -DNA=3 -DR0=ACQ -DR1=REL -DR2=ADM" "-DNFAIR=5" "-a -f -m4000000 -w22"
  search live-suspend-2-acquire seats "-DLIVE -DPATCH -DSUSPEND_ONLY -DCANON -DNL=0 -DNID=5 -DNA=4 -DR0=ACQ -DR1=ACQ -DR2=REL+REAP -DR3=ADM" "-DNFAIR=6" "-a -f -m4000000 -w22"
  search live-shrink seats "-DLIVE -DPATCH -DCANON -DNL=0 -DNID=5 -DNA=3 -DR0=ACQ -DR1=REL -DR2=ADM" "-DNFAIR=5" "-a -f -m4000000 -w22"
  search live-shrink-acquire-waits seats "-DLIVE -DPATCH -DWAITS -DCANON -DNL=0 -DNID=5 -DNA=3 -DR0=ACQ -DR1=REL -DR2=ADM" "-DNFAIR=5" "-a -f -m4000000 -w22"
}

# NAME DELAY SKEW SLACK: a late or repeated heartbeat, and clocks that differ.
lease() {
  local n=0
  for c in "0 0 0" "1 0 0" "1 0 1" "2 0 1" "2 0 2" "0 1 0" "1 1 2" "1 1 3" "1 0 0 -DMAX" "3 0 0 -DMAX" "3 1 0 -DMAX" "3 1 1 -DMAX"; do set -- $c
    search "lease-delay-$1-skew-$2-slack-$3${4:+-max}" lease "-DDELAY=$1 -DSKEW=$2 -DSLACK=$3 ${4:-}" "-DSAFETY -DBFS" ""
  done
}

# Each mutation against each invariant, breadth first: the shortest way to break it. name|flags
mutations() { cat <<'LIST'
none|-DNA=3 -DR0=ACQ -DR1=ACQ -DR2=REL+REAP+ADM -DNL=0 -DPATCH
claim-seat-exists-only|-DM_CLAIM_SEAT -DNA=2 -DR0=ACQ -DR1=ACQ -DNL=0 -DSTART=1
claim-holder-set|-DM_CLAIM_HOLDER -DNA=2 -DR0=ACQ -DR1=ACQ -DNL=0
claim-session-set|-DM_CLAIM_SESSION -DNA=2 -DR0=ACQ -DR1=REL -DNL=1
session-id-reused-on-retry|-DM_REUSE_ID -DNA=2 -DR0=ACQ -DR1=REL -DNL=1
takeover-holder-set|-DM_TAKE_HOLDER -DNA=2 -DR0=ACQ -DR1=ACQ -DNL=0
takeover-session-exists-only|-DM_TAKE_SESSION_EXISTS -DNA=2 -DR0=ACQ -DR1=ACQ+REL -DNL=0
takeover-session-none|-DM_TAKE_SESSION_NONE -DNA=2 -DR0=ACQ -DR1=ACQ+REL -DNL=0
takeover-seat-instead|-DM_TAKE_SEAT_INSTEAD -DNA=2 -DR0=ACQ -DR1=ACQ+REL -DNL=0
renew-without-write|-DM_RENEW_READ -DNA=2 -DR0=ACQ -DR1=ACQ+REL -DNL=0
heartbeat-set-merge|-DM_BEAT -DNA=2 -DR0=ACQ+REL -DR1=BEAT -DNL=0
release-session-none|-DM_RELEASE_NONE -DNA=2 -DR0=ACQ+REL -DR1=ACQ+REL -DNL=0
release-session-none-limbo|-DM_RELEASE_NONE -DNA=1 -DR0=ACQ+REL -DNL=1
release-session-none-ended-create|-DM_RELEASE_NONE -DENDED_CREATE -DNA=2 -DR0=ACQ+REL -DR1=ACQ+REL -DNL=0
release-seat-instead|-DM_RELEASE_SEAT_INSTEAD -DNA=2 -DR0=ACQ+REL -DR1=ACQ+REL -DNL=0
reap-session-exists-only|-DM_REAP_EXISTS -DNA=2 -DR0=ACQ -DR1=REAP+REL -DNL=0
reap-session-none|-DM_REAP_NONE -DNA=2 -DR0=ACQ+REL -DR1=REAP -DNL=0
reap-seat-instead|-DM_REAP_SEAT_INSTEAD -DNA=2 -DR0=ACQ+REL -DR1=REAP -DNL=0
ended-in-another-commit|-DM_ENDED_APART -DNA=2 -DR0=ACQ+REL -DR1=BEAT -DNL=0
shrink-open-seat-none|-DM_SHRINK_OPEN -DPATCH -DNA=2 -DR0=ACQ -DR1=ADM -DNL=0
shrink-open-seat-exists-only|-DM_SHRINK_OPEN_EXISTS -DPATCH -DNA=2 -DR0=ACQ -DR1=ADM -DNL=0
shrink-taken-session-none|-DM_SHRINK_TAKEN -DPATCH -DNA=3 -DR0=ACQ -DR1=ADM -DR2=REL -DNL=0
admin-licence-none|-DM_ADMIN_LICENCE -DPATCH -DNA=2 -DR0=ADM -DR1=ADM -DNL=0
admin-licence-none-with-sessions|-DM_ADMIN_LICENCE -DPATCH -DNA=3 -DR0=ADM -DR1=ADM -DR2=ACQ -DNL=0
grow-seat-set|-DM_GROW -DPATCH -DNA=3 -DR0=ADM -DR1=ADM -DR2=ACQ -DNL=0
grow-seat-set-licence-none|-DM_GROW -DM_ADMIN_LICENCE -DPATCH -DNA=3 -DR0=ADM -DR1=ADM -DR2=ACQ -DNL=0
naive-suspend|-DNAIVE -DNA=2 -DR0=ACQ -DR1=NSUS -DNL=0
naive-suspend-holder-known|-DNAIVE -DNS=1 -DNA=2 -DR0=ACQ -DR1=NSUS -DNL=1
group-one-seat-twice|-DGROUP -DM_GROUP_SEAT -DNA=1 -DR0=GRP -DNL=0 -DSTART=1
LIST
}
mutate() {
  mutations | grep -E "^(${1:-.*})" | while IFS='|' read -r name flags; do
    local d=$work/$name mask=510 row="" state=complete k
    mkdir -p "$d"; cd "$d" || exit 1; cp "$here/seats.pml" .
    # depth first, with every invariant not yet broken, until a run finds no more
    spin -a -DMASK -DSORT -DNID=5 $flags seats.pml >/dev/null && gcc -O1 -w -DNOREDUCE -DSAFETY -DMEMLIM="$MEM" -o dfs pan.c
    spin -a -DMASK -DSHORTEST -DNID=5 $flags seats.pml >/dev/null && gcc -O1 -w -DNOREDUCE -DSAFETY -DBFS -DMEMLIM="$MEM" -o bfs pan.c
    while :; do
      INV=$mask timeout "${TIME:-60}" ./dfs -n -m5000000 -w24 >log 2>&1
      k=$(sed -n 's/.*assertion violated.*inv_mask >> \([0-9]\).*/\1/p' log | head -1)
      [ -z "$k" ] && break
      mask=$((mask & ~(1 << k)))
    done
    grep -q 'errors: 0' log && ! grep -qE 'too small|not completed|MEMLIM' log || state="partial"
    for k in 1 2 3 4 5 6 7 8; do
      if ((mask >> k & 1)); then row="$row  - "; continue; fi
      row="$row I$k "; rm -f *.trail
      INV=$((1 << k)) timeout 60 ./bfs -n -w22 >log 2>&1
      { INV=$((1 << k)) ./bfs -r seats.pml.trail 2>/dev/null || INV=$((1 << k)) ./bfs -r *.trail; } 2>/dev/null | sed -n 's/^.*@ *//p' >"$out/mut-$name-I$k.trace"
    done
    printf '%-38s %s  %s\n' "$name" "$row" "$state"
    cd "$here"; rm -rf "$d"
  done
}

# A minute's worth: one search of each kind that is complete, and one of each that must find its counterexample.
quick() {
  prove_one acquire-2-limbo-2 "-DNA=2 -DR0=ACQ -DR1=ACQ -DNL=2 -DNID=8" -DCOLLAPSE "-m2000000 -w20"
  prove_one group-limbo-1 "-DGROUP -DNS=2 -DNM=2 -DNA=2 -DR0=GRP+ACQ -DR1=GRP+ACQ+REL+REAP -DNL=1 -DNID=9" -DCOLLAPSE "-m2000000 -w20"
  search live-suspend-and-resume seats "-DLIVE -DPATCH -DSUSPEND_ONLY -DCANON -DNL=0 -DNID=5 -DNA=3 -DR0=ACQ -DR1=REL -DR2=ADM" "-DNFAIR=5" "-a -f -m4000000 -w20"
  search lease-delay-1-slack-1 lease "-DDELAY=1 -DSLACK=1" "-DSAFETY -DBFS" ""
  search lease-delay-1-slack-0 lease "-DDELAY=1 -DSLACK=0" "-DSAFETY -DBFS" ""
  search claim-seat-unguarded seats "-DM_CLAIM_SEAT -DNID=5 -DNA=2 -DR0=ACQ -DR1=ACQ -DNL=0 -DSTART=1" -DSAFETY "-m2000000 -w20"
  search heartbeat-upserts seats "-DM_BEAT -DNID=5 -DNA=2 -DR0=ACQ+REL -DR1=BEAT -DNL=0" -DSAFETY "-m2000000 -w20"
  search release-unguarded seats "-DM_RELEASE_NONE -DNID=5 -DNA=2 -DR0=ACQ+REL -DR1=ACQ+REL -DNL=0" -DSAFETY "-m2000000 -w20"
}

# Complete within its bounds, then guard by guard until the violation.
borrow() {
  node "$here/borrow.mjs"
  node "$here/borrow.mjs" max=1 m=2
  node "$here/borrow.mjs" max=1 m=2 d=9 p=1
  node "$here/borrow.mjs" max=1 m=2 init=orphan
  for guard in inplace licGuard orphans slotCreate slotReap; do
    for start in "max=1 m=2" "max=1 m=2 init=orphan" "max=2 m=3"; do
      node "$here/borrow.mjs" $start drop=$guard >"$out/borrow-$guard.log" || break
    done
    printf '%-34s %s\n' "borrow without $guard" "$(tail -1 "$out/borrow-$guard.log")"
  done
}

# Borrowed seats in Promela: complete, then without one guard at a time, breadth first until the violation.
borrowed() {
  search borrowed borrow "-DCANON" "-DSAFETY -DCOLLAPSE" "-m3000000 -w22"
  for guard in CLAIM HAND EXTEND RELEASE RETURN REAP LINGER; do
    search "borrowed-without-$guard" borrow "-DSHORTEST -DM_$guard" "-DSAFETY -DCOLLAPSE -DBFS" "-w22"
  done
  # Deeper ones, depth first. READOPT_SLOT is spare with one seat: its slot must be lent again before the licence grows.
  for guard in TAKE LICENCE SHRINK READOPT_LICENCE READOPT_SLOT FORGET; do
    search "borrowed-without-$guard" borrow "-DCANON -DM_$guard" "-DSAFETY -DCOLLAPSE" "-m3000000 -w22"
  done
}

# Complete within its bounds, then guard by guard until the violation; handBack is spare.
linger() {
  node "$here/linger.mjs"
  node "$here/linger.mjs" d=5 p=3
  for guard in linger open release takeover handOver handBack reap note; do
    node "$here/linger.mjs" drop=$guard >"$out/linger-$guard.log"
    printf '%-34s %s\n' "after_copy without $guard" "$(tail -1 "$out/linger-$guard.log")"
  done
}

case ${1:-} in
  quick|prove|big|live|lease|borrow|borrowed|linger) "$1" ;;
  bitstate) bitstate "${2:-}" ;;
  mutate) mutate "${2:-}" ;;
  all) prove; big; bitstate; live; lease; mutate; borrow; borrowed; linger ;;
  *) sed -n 2,4p "$0"; exit 2 ;;
esac
