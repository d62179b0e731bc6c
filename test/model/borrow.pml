/* Borrowed seats, on top of the seats protocol of seats.pml: slots, hand-overs, orphans, coming back, extension, a cap
 * that is lowered, keys that change, seats that are kept for their machine.
 *
 * An agent is one request, or one run of the reaper or of an administrator. It reads the licence, then the holder, then
 * seats, sessions and slots, each in a step of its own, and commits; anything may happen between two steps, and an agent
 * may stop at any of them, so a commit lands at any later time or never. Agents repeat for ever.
 *
 * Versions are the dirty bits of seats.pml: "written since I read it" is when a lastUpdateTime precondition fails.
 * Time is two bits: a session's lease is over, a slot's copy has ended. Run it with ./run.sh. -DM_… drops a precondition. */

#ifndef NS
#define NS 1            /* seats at most, and at the start */
#endif
#ifndef NM
#define NM 2            /* machines */
#endif
#ifndef NK
#define NK 1            /* borrow slots; the cap may be lowered to 1 */
#endif
#ifndef NA
#define NA 2            /* agents */
#endif
#define NID (NM + NA + 1)
#define OPEN 0
#define GONE 31

#define IDLE 0
#define A_HOLD 1        /* licence read */
#define A_FIND 2        /* holder read: none */
#define CLAIM 3
#define TAKE 4
#define HAND 5          /* own session: borrowed now, or with another key, or kept */
#define EXTEND 6
#define RENEW 7
#define READOPT 8
#define RELEASE 9       /* requires that the session exists */
#define RETURN 10       /* of one whose borrowed time is over: unchanged */
#define LINGER 11       /* released, and kept for its machine */
#define REAP 12
#define R_COUNT 13      /* an administrator has read the licence */
#define R_STEP 14       /* and has counted the orphans */
#define S_OPEN 15
#define S_TAKEN 16
#define GROW 17
#define FORGET 18

#ifdef M_SLOT_CREATE
#define P_SLOT 1
#else
#define P_SLOT (slot[rd[me].k] == 0)
#endif
#ifdef M_CLAIM
#define P_CLAIM 1
#else
#define P_CLAIM (!rd[me].sd)
#endif
#ifdef M_HAND
#define P_HAND 1
#else
#define P_HAND (s_ex[rd[me].sid] && !rd[me].xd)
#endif
#ifdef M_EXTEND
#define P_EXTEND 1
#else
#define P_EXTEND (s_ex[rd[me].sid])
#endif
#ifdef M_RELEASE
#define P_RELEASE 1
#else
#define P_RELEASE (s_ex[rd[me].sid])
#endif
#ifdef M_RETURN
#define P_RETURN (s_ex[rd[me].sid])
#else
#define P_RETURN (s_ex[rd[me].sid] && !rd[me].xd)
#endif
#ifdef M_LINGER
#define P_LINGER 1
#else
#define P_LINGER (s_ex[rd[me].sid] && !rd[me].xd)
#endif
#ifdef M_TAKE
#define P_TAKE (s_ex[rd[me].sid])
#else
#define P_TAKE (s_ex[rd[me].sid] && !rd[me].xd)
#endif
#ifdef M_REAP
#define P_REAP (s_ex[rd[me].sid])
#else
#define P_REAP (s_ex[rd[me].sid] && !rd[me].xd)
#endif
#ifdef M_LICENCE
#define P_LICENCE 1
#else
#define P_LICENCE (!rd[me].ld)
#endif
#ifdef M_SHRINK
#define P_SHRINK 1
#else
#define P_SHRINK (s_ex[rd[me].sid] && (!rd[me].over || !rd[me].xd))     /* unchanged where the time was over */
#endif
#ifdef M_READOPT_LICENCE
#define P_READOPT_L 1
#else
#define P_READOPT_L (!rd[me].ld)
#endif
#ifdef M_READOPT_SLOT
#define P_READOPT_K (slot[rd[me].k] != 0)
#else
#define P_READOPT_K (slot[rd[me].k] != 0 && !rd[me].kd)
#endif
#ifdef M_FORGET
#define P_FORGET 1
#else
#define P_FORGET (!rd[me].kd)
#endif
#ifdef M_BEYOND
#define P_CAP 1
#else
#define P_CAP (NK == 1 || rd[me].cap == NK || slot[NK] == 0)    /* no slot beyond the cap is taken */
#endif
#ifdef M_ORPHANS
#define TARGET (lic_on -> lic_max : 0)
#else
#define TARGET (lic_on -> (lic_max > rd[me].or -> lic_max - rd[me].or : 0) : 0)
#endif

/* Whether each guard is in place. */
#ifdef M_CLAIM
#define K_CLAIM 0
#else
#define K_CLAIM 1
#endif
#ifdef M_TAKE
#define K_TAKE 0
#else
#define K_TAKE 1
#endif
#ifdef M_HAND
#define K_HAND 0
#else
#define K_HAND 1
#endif
#ifdef M_RETURN
#define K_RETURN 0
#else
#define K_RETURN 1
#endif
#ifdef M_LINGER
#define K_LINGER 0
#else
#define K_LINGER 1
#endif
#ifdef M_REAP
#define K_REAP 0
#else
#define K_REAP 1
#endif
#ifdef M_EXTEND
#define K_EXTEND 0
#else
#define K_EXTEND 1
#endif
#ifdef M_RELEASE
#define K_RELEASE 0
#else
#define K_RELEASE 1
#endif
#ifdef M_SHRINK
#define K_SHRINK 0
#else
#define K_SHRINK 1
#endif
#ifdef M_READOPT_LICENCE
#define K_READOPT_LICENCE 0
#else
#define K_READOPT_LICENCE 1
#endif
#ifdef M_LICENCE
#define K_LICENCE 0
#else
#define K_LICENCE 1
#endif
#ifdef M_READOPT_SLOT
#define K_READOPT_SLOT 0
#else
#define K_READOPT_SLOT 1
#endif
#ifdef M_FORGET
#define K_FORGET 0
#else
#define K_FORGET 1
#endif

bit  lic_on = 1;
byte lic_max = NS, lic_seats = NS, cap = NK;
byte seat[NS + 1];
byte hold[NM + 1];
bit  s_ex[NID + 1], s_exp[NID + 1], s_ling[NID + 1];
byte s_seat[NID + 1], s_hold[NID + 1], s_slot[NID + 1];
byte slot[NK + 1];      /* 0: free; else the machine whose it is */
byte slot_s[NK + 1];    /* its session */
bit  orphan[NK + 1], past[NK + 1];
bit  copy[NM + 1];      /* ghost: a borrowed copy of the machine works, and was not given back */

typedef Reader { byte op; byte m; byte seat; byte sid; byte k; byte n; byte or; byte cap; bit borrow; bit over; bit sd; bit xd; bit ld; bit kd };
Reader rd[NA];
#ifdef SHORTEST     /* spin's breadth-first search takes no hidden variables */
#define hidden
#endif
hidden byte ii, jj, kk, nid, old, at, own, who, nlive, nopen, ndocs, norph, ncopy, applied;

inline wroteSeat(q) { for (ii : 0 .. NA - 1) { if :: rd[ii].seat == q && (rd[ii].op == CLAIM || rd[ii].op == S_OPEN) -> rd[ii].sd = 1 :: else fi } }
inline wroteSession(q) { for (ii : 0 .. NA - 1) { if :: rd[ii].sid == q && rd[ii].op != EXTEND && rd[ii].op != RENEW && rd[ii].op != RELEASE -> rd[ii].xd = 1 :: else fi } }
inline wroteSlot(q) { for (ii : 0 .. NA - 1) { if :: rd[ii].k == q && (rd[ii].op == READOPT || rd[ii].op == FORGET) -> rd[ii].kd = 1 :: else fi } }
#define USES_LICENCE(o) (o == A_HOLD || o == A_FIND || o == READOPT || (o >= R_COUNT && o <= GROW))
inline wroteLicence() { for (ii : 0 .. NA - 1) { if :: USES_LICENCE(rd[ii].op) -> rd[ii].ld = 1 :: else fi } }
/* Forgets what the commit does not ask for. */
inline trim() {
  if :: !USES_LICENCE(rd[me].op) -> rd[me].n = 0; rd[me].ld = 0 :: else fi;
  if :: rd[me].op > A_FIND -> rd[me].cap = 0 :: else fi;
  if :: rd[me].op > R_STEP || rd[me].op < R_COUNT -> rd[me].or = 0 :: else fi
}
inline clear(r) { rd[r].op = IDLE; rd[r].m = 0; rd[r].seat = 0; rd[r].sid = 0; rd[r].k = 0; rd[r].n = 0; rd[r].or = 0; rd[r].cap = 0; rd[r].borrow = 0;
  rd[r].over = 0; rd[r].sd = 0; rd[r].xd = 0; rd[r].ld = 0; rd[r].kd = 0 }

#define isOver(s) (s_slot[s] != 0 && past[s_slot[s]])
#define isBorrowed(s) (s_slot[s] != 0 && !past[s_slot[s]])

inline fresh() {
  nid = 0;
  for (ii : 1 .. NID) {
    applied = s_ex[ii];
    for (jj : 0 .. NA - 1) { if :: rd[jj].sid == ii -> applied = 1 :: else fi };
    if :: nid == 0 && !applied -> nid = ii :: else fi
  }
  assert(nid != 0);
  applied = 0
}
/* A session of machine h on seat q, borrowed by slot b unless that is 0. */
inline born(q, h, b) {
  s_ex[nid] = 1; s_exp[nid] = 0; s_ling[nid] = 0; s_seat[nid] = q; s_hold[nid] = h; s_slot[nid] = b; hold[h] = nid; seat[q] = nid; wroteSeat(q);
  if :: b != 0 -> slot[b] = h; slot_s[b] = nid; orphan[b] = 0; past[b] = 0; copy[h] = 1; wroteSlot(b) :: else fi
}
inline freeSlot(s) { if :: s_slot[s] != 0 -> kk = s_slot[s]; slot[kk] = 0; slot_s[kk] = 0; orphan[kk] = 0; past[kk] = 0; wroteSlot(kk) :: else fi }
inline end(s, q) {
  s_ex[s] = 0; hold[s_hold[s]] = 0; wroteSession(s);
  if :: seat[s_seat[s]] != GONE -> seat[s_seat[s]] = q; kk = s_seat[s]; wroteSeat(kk) :: else fi
}

inline settle() {
#ifdef CANON
  /* A commit whose precondition can never hold again has no effect; one that a -DM_… has dropped does not count. */
  for (ii : 0 .. NA - 1) {
    if
    :: ((rd[ii].op == CLAIM && K_CLAIM || rd[ii].op == S_OPEN) && rd[ii].sd) ||
       ((rd[ii].op == TAKE && K_TAKE || rd[ii].op == HAND && K_HAND || rd[ii].op == RETURN && K_RETURN || rd[ii].op == LINGER && K_LINGER || rd[ii].op == REAP && K_REAP) && rd[ii].xd) ||
       ((rd[ii].op == TAKE || rd[ii].op == HAND && K_HAND || rd[ii].op == RETURN || rd[ii].op == LINGER && K_LINGER || rd[ii].op == REAP || rd[ii].op == RENEW ||
         rd[ii].op == EXTEND && K_EXTEND || rd[ii].op == RELEASE && K_RELEASE || rd[ii].op == S_TAKEN && K_SHRINK) && !s_ex[rd[ii].sid]) ||
       ((rd[ii].op == READOPT && K_READOPT_LICENCE || rd[ii].op >= R_COUNT && rd[ii].op <= GROW && K_LICENCE) && rd[ii].ld) ||
       ((rd[ii].op == READOPT && K_READOPT_SLOT || rd[ii].op == FORGET && K_FORGET) && rd[ii].kd) -> clear(ii)
    :: else
    fi
  }
#endif
  for (ii : 1 .. NID) {
    applied = s_ex[ii];
    for (jj : 0 .. NA - 1) { if :: rd[jj].sid == ii -> applied = 1 :: else fi };
    if :: !applied -> s_seat[ii] = 0; s_hold[ii] = 0; s_slot[ii] = 0; s_exp[ii] = 0; s_ling[ii] = 0 :: else fi
  }
  for (ii : 1 .. NS) {
    if :: seat[ii] != GONE -> ndocs++ :: else fi;
    if :: seat[ii] == OPEN -> nopen++ :: else fi;
    assert(seat[ii] == OPEN || seat[ii] == GONE || (s_ex[seat[ii]] && s_seat[seat[ii]] == ii))                  /* I3 */
  }
  for (ii : 1 .. NID) {
    if
    :: s_ex[ii] -> nlive++;
       assert(seat[s_seat[ii]] == ii && hold[s_hold[ii]] == ii);                                                /* I2, I3 */
       assert(s_slot[ii] == 0 || (slot_s[s_slot[ii]] == ii && !orphan[s_slot[ii]] && slot[s_slot[ii]] == s_hold[ii]))   /* I16 */
    :: else
    fi
  }
  for (ii : 1 .. NK) {
    if :: slot[ii] && orphan[ii] && !past[ii] -> norph++ :: else fi;
    assert(slot[ii] == 0 || orphan[ii] || (s_ex[slot_s[ii]] && s_slot[slot_s[ii]] == ii));                       /* I16 */
    assert(!orphan[ii] || !s_ex[slot_s[ii]] || s_slot[slot_s[ii]] != ii)
  }
  for (ii : 1 .. NM) {
    if
    :: copy[ii] -> ncopy++; applied = 0;
       for (jj : 1 .. NK) { if :: slot[jj] == ii && !past[jj] -> applied = 1 :: else fi };
       assert(applied)                                                                                          /* I14 */
    :: else
    fi
  }
  assert(nlive <= lic_seats);                                                                                   /* I1 */
  assert(nopen + nlive == lic_seats && ndocs == lic_seats);                                                      /* I5 */
  assert(nlive + norph <= NS);                                                                                  /* I15 */
  assert(ncopy <= NK);                                                                                          /* I16 */
  ii = 0; jj = 0; kk = 0; nid = 0; nlive = 0; nopen = 0; ndocs = 0; norph = 0; ncopy = 0; applied = 0; old = 0; at = 0; own = 0; who = 0
}

#define PICK(n, c) x = 1; do :: x < n && !(c) -> x++ :: x < n && (c) -> x++ :: (c) -> break :: x >= n && !(c) -> x = 0; break od

proctype agent(byte me) {
  byte x;
  do
  /* ---- acquire or borrow ---- */
  :: atomic { rd[me].op == IDLE && lic_on && lic_seats <= lic_max -> x = 1; do :: x < NM -> x++ :: break od;
       rd[me].m = x; rd[me].op = A_HOLD; rd[me].cap = cap; rd[me].n = lic_seats; if :: rd[me].borrow = 0 :: rd[me].borrow = 1 fi;
       printf("@ %d machine %d asks (borrow %d): reads licence\n", me, x, rd[me].borrow); x = 0 }
  :: atomic { rd[me].op == A_HOLD ->
       if
       :: hold[rd[me].m] == 0 -> rd[me].op = A_FIND
       :: else ->
          rd[me].sid = hold[rd[me].m]; rd[me].xd = 0; rd[me].k = s_slot[rd[me].sid];
          if
          :: s_ling[rd[me].sid] -> rd[me].op = HAND
          :: !s_ling[rd[me].sid] && isBorrowed(rd[me].sid) && rd[me].borrow -> rd[me].op = EXTEND
          :: !s_ling[rd[me].sid] && (!isBorrowed(rd[me].sid) || !rd[me].borrow) && !(isOver(rd[me].sid) && rd[me].borrow) && !(s_slot[rd[me].sid] == 0 && rd[me].borrow) -> rd[me].op = RENEW
          :: true -> rd[me].op = HAND           /* its key has changed, or it is to be borrowed */
          fi;
          /* the slot passes on while it is borrowed, or when it is borrowed again */
          rd[me].over = isOver(rd[me].sid);
          if
          :: rd[me].op == HAND && rd[me].k == 0 && rd[me].borrow ->
             PICK(NK, slot[x] == 0 && x <= rd[me].cap && P_CAP);
             if :: x -> rd[me].k = x; rd[me].kd = 0 :: else -> clear(me) fi; x = 0
          :: else
          fi
       fi; trim(); printf("@ %d reads holder: session %d, op %d, slot %d\n", me, rd[me].sid, rd[me].op, rd[me].k) }
  :: atomic { rd[me].op == A_FIND ->
       PICK(NK, slot[x] == rd[me].m && orphan[x] && !past[x]);
       if
       :: x -> rd[me].op = READOPT; rd[me].k = x; rd[me].kd = 0
       :: else
          if
          :: rd[me].borrow -> PICK(NK, slot[x] == 0 && x <= rd[me].cap && P_CAP); if :: x -> rd[me].k = x; rd[me].kd = 0 :: else -> clear(me) fi
          :: else
          fi
       fi; x = 0;
       if
       :: rd[me].op == READOPT -> PICK(NS, seat[x] == GONE); if :: x -> rd[me].seat = x; rd[me].sd = 0 :: else -> clear(me) fi
       :: rd[me].op == A_FIND -> PICK(NS, seat[x] == OPEN);
          if
          :: x -> rd[me].op = CLAIM; rd[me].seat = x; rd[me].sd = 0
          :: else -> PICK(NID, s_ex[x] && s_exp[x] && s_hold[x] != rd[me].m && !isBorrowed(x));
             if
             :: x -> rd[me].op = TAKE; rd[me].sid = x; rd[me].xd = 0; if :: rd[me].k == 0 && rd[me].borrow && s_slot[x] -> rd[me].k = s_slot[x] :: else fi
             :: else -> clear(me)
             fi
          fi
       :: else
       fi; x = 0; trim(); printf("@ %d finds: op %d seat %d session %d slot %d\n", me, rd[me].op, rd[me].seat, rd[me].sid, rd[me].k) }
  :: d_step { rd[me].op == CLAIM -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: seat[rd[me].seat] != GONE && P_CLAIM && hold[rd[me].m] == 0 && (rd[me].k == 0 || P_SLOT) ->
          fresh(); printf("@ %d claims seat %d, slot %d\n", me, rd[me].seat, rd[me].k); born(at, who, own)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == TAKE -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: seat[s_seat[rd[me].sid]] != GONE && P_TAKE && hold[rd[me].m] == 0 && (rd[me].k == 0 || rd[me].k == s_slot[rd[me].sid] || P_SLOT) ->
          fresh(); printf("@ %d takes session %d over, slot %d\n", me, rd[me].sid, rd[me].k);
          at = s_seat[old]; end(old, OPEN); freeSlot(old); born(at, who, own)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == HAND -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: P_HAND && seat[s_seat[rd[me].sid]] != GONE && (rd[me].k == 0 || rd[me].k == s_slot[rd[me].sid] || P_SLOT) ->
          printf("@ %d hands session %d over, slot %d\n", me, rd[me].sid, rd[me].k);
#ifdef M_INPLACE
          nid = old; wroteSession(nid);
#else
          fresh();
#endif
          at = s_seat[old]; who = s_hold[old];
          /* one whose time is over and that is not borrowed again leaves its slot */
          if :: rd[me].over && !rd[me].borrow -> own = 0 :: else fi;
#ifndef M_INPLACE
          end(old, OPEN);
#endif
          if :: s_slot[old] != own -> freeSlot(old) :: else fi;
          born(at, who, own)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == EXTEND ->
       if
       :: P_EXTEND -> printf("@ %d session %d is borrowed for longer\n", me, rd[me].sid);
          s_ex[rd[me].sid] = 1; s_exp[rd[me].sid] = 0; kk = rd[me].k; past[kk] = 0; copy[rd[me].m] = 1; wroteSlot(kk); kk = rd[me].sid; wroteSession(kk)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == RENEW -> if :: s_ex[rd[me].sid] -> s_exp[rd[me].sid] = 0; kk = rd[me].sid; wroteSession(kk) :: else fi; clear(me); settle() }
  :: d_step { rd[me].op == READOPT -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: P_READOPT_L && P_READOPT_K && seat[rd[me].seat] == GONE && hold[rd[me].m] == 0 ->
          fresh(); printf("@ %d machine %d comes back to slot %d\n", me, rd[me].m, rd[me].k);
          lic_seats = rd[me].n + 1; wroteLicence(); seat[at] = OPEN; born(at, who, own)
       :: else
       fi; clear(me); settle() }

  /* ---- release, recall, reaper ---- */
  :: atomic { rd[me].op == IDLE -> PICK(NID, s_ex[x]);
       if
       :: x -> rd[me].sid = x; rd[me].xd = 0; rd[me].m = s_hold[x];
          if
          :: !isOver(x) -> rd[me].op = RELEASE
          :: isOver(x) -> rd[me].op = RETURN
          :: s_slot[x] == 0 && !s_ling[x] -> rd[me].op = LINGER
          :: s_exp[x] && !isBorrowed(x) -> rd[me].op = REAP
          fi; printf("@ %d reads session %d: op %d\n", me, x, rd[me].op)
       :: else
       fi; x = 0 }
  :: d_step { rd[me].op == RELEASE || rd[me].op == RETURN || rd[me].op == REAP -> old = rd[me].sid;
       if
       :: seat[s_seat[rd[me].sid]] != GONE && ((rd[me].op == RELEASE && P_RELEASE) || (rd[me].op == RETURN && P_RETURN) || (rd[me].op == REAP && P_REAP)) ->
          printf("@ %d ends session %d: op %d\n", me, rd[me].sid, rd[me].op);
          if :: rd[me].op == RELEASE && s_slot[rd[me].sid] -> copy[s_hold[rd[me].sid]] = 0 :: else fi;    /* given back, or recalled */
          end(old, OPEN); freeSlot(old)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == LINGER -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: seat[s_seat[rd[me].sid]] != GONE && P_LINGER -> fresh(); printf("@ %d keeps the seat of session %d\n", me, rd[me].sid);
          at = s_seat[old]; end(old, OPEN); born(at, who, 0); s_ling[nid] = 1
       :: else
       fi; clear(me); settle() }

  /* ---- administration: the licence is read first, then the orphans, then what there is ---- */
  :: d_step { rd[me].op == IDLE -> rd[me].op = R_COUNT; rd[me].n = lic_seats; rd[me].ld = 0; rd[me].over = lic_on }
  :: d_step { rd[me].op == R_COUNT -> rd[me].op = R_STEP;
       for (ii : 1 .. NK) { if :: slot[ii] && orphan[ii] && !past[ii] -> rd[me].or++ :: else fi }; ii = 0 }
  :: atomic { rd[me].op == R_STEP ->
       if
       :: rd[me].n > TARGET -> PICK(NS, seat[x] == OPEN);
          if
          :: x -> rd[me].op = S_OPEN; rd[me].seat = x; rd[me].sd = 0
          :: else -> PICK(NID, s_ex[x] && (!lic_on || !isBorrowed(x)));
             if :: x -> rd[me].op = S_TAKEN; rd[me].sid = x; rd[me].xd = 0; rd[me].over = isOver(x) :: else -> clear(me) fi
          fi
       :: rd[me].n < TARGET -> PICK(NS, seat[x] == GONE); if :: x -> rd[me].op = GROW; rd[me].seat = x :: else -> clear(me) fi
       :: true -> PICK(NK, slot[x] && orphan[x] && past[x]); if :: x -> rd[me].op = FORGET; rd[me].k = x; rd[me].kd = 0 :: else -> clear(me) fi
       fi; x = 0; trim() }
  :: d_step { rd[me].op == S_OPEN ->
       if
       :: P_LICENCE && seat[rd[me].seat] == OPEN && !rd[me].sd -> printf("@ %d removes seat %d\n", me, rd[me].seat);
          lic_seats = rd[me].n - 1; wroteLicence(); kk = rd[me].seat; seat[kk] = GONE; wroteSeat(kk)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == S_TAKEN -> old = rd[me].sid; at = rd[me].seat; own = rd[me].k; who = rd[me].m;
       if
       :: P_LICENCE && P_SHRINK -> printf("@ %d ends session %d with its seat\n", me, rd[me].sid);
          lic_seats = rd[me].n - 1; wroteLicence();
          applied = s_slot[rd[me].sid];
#ifdef M_ORPHAN
          end(old, GONE); freeSlot(old)
#else
          end(old, GONE);
          if
          :: applied && !rd[me].over -> orphan[applied] = 1; kk = applied; wroteSlot(kk)
          :: applied && rd[me].over -> freeSlot(old)
          :: else
          fi
#endif
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == GROW ->
       if
       :: P_LICENCE && seat[rd[me].seat] == GONE -> printf("@ %d makes seat %d\n", me, rd[me].seat);
          lic_seats = rd[me].n + 1; wroteLicence(); kk = rd[me].seat; seat[kk] = OPEN; wroteSeat(kk)
       :: else
       fi; clear(me); settle() }
  :: d_step { rd[me].op == FORGET ->
       if
       :: slot[rd[me].k] && P_FORGET -> printf("@ %d forgets slot %d\n", me, rd[me].k);
          kk = rd[me].k; slot[kk] = 0; slot_s[kk] = 0; orphan[kk] = 0; past[kk] = 0; wroteSlot(kk)
       :: else
       fi; clear(me); settle() }

  :: d_step { rd[me].op != IDLE -> clear(me); settle() }        /* gives up, or its commit never lands */
  od
}

proctype world() {
  byte x;
  do
  :: atomic { PICK(NID, s_ex[x] && !s_exp[x] && !isBorrowed(x)); if :: x -> s_exp[x] = 1; printf("@ the lease of session %d is over\n", x) :: else fi; x = 0 }
  :: atomic { PICK(NID, s_ex[x] && s_exp[x] && !s_ling[x]); if :: x -> d_step { s_exp[x] = 0; wroteSession(x); ii = 0 } :: else fi; x = 0 }
  :: atomic { PICK(NK, slot[x] && !past[x]); if :: x -> past[x] = 1; copy[slot[x]] = 0; printf("@ the time of slot %d is over\n", x) :: else fi; x = 0 }
  :: d_step { lic_on = !lic_on; wroteLicence(); printf("@ PATCH status\n"); settle() }
#if NS > 1
  :: d_step { if :: lic_max == NS -> lic_max = 1 :: else -> lic_max = NS fi; wroteLicence(); settle() }
#endif
#if NK > 1
  :: d_step { if :: cap == NK -> cap = 1 :: else -> cap = NK fi; wroteLicence(); settle() }
#endif
  od
}

init {
  atomic {
    run world();
    run agent(0);
#if NA > 1
    run agent(1);
#endif
#if NA > 2
    run agent(2);
#endif
  }
}
