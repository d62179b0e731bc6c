/* The seats protocol of Countersign: who may write what, under which precondition.
 *
 * An agent is one HTTP request (or one reaper or admin run) in some instance: it reads, then commits. Every read and
 * every commit is one atomic step, anything may happen between two steps. A commit checks its preconditions and writes
 * all its documents or none. Agents loop for ever, so a run covers any number of operations; what is bounded is
 * the number of seats, machines, agents at once, and commits under way at once.
 *
 * A commit may also leave its agent behind: it goes into a limbo slot, the agent sees an error and retries or gives up,
 * and the commit lands later, more than once (the client library sends it again), or never.
 *
 * Versions (updateTime) are not numbers here. A reader's dirty bit says "written since I read it", which is exactly
 * when a lastUpdateTime precondition fails, and keeps the state space finite.
 *
 * Session ids are used again once no document, agent or limbo slot mentions them (gc): such an id is as good as new.
 *
 * Run it with ./run.sh. -DM_… drops or weakens one precondition. */

#ifndef NS
#define NS 2            /* seat documents at most, numbered from 1 */
#endif
#ifndef NM
#define NM 2            /* machines */
#endif
#ifndef NID
#define NID 5           /* session ids in play at once */
#endif
#ifndef NL
#define NL 1            /* limbo slots */
#endif
#ifndef NA
#define NA 2            /* agents, R0 … R9 are their roles */
#endif
#ifndef START
#define START NS        /* seats and max_seats at the start */
#endif
#define NR (NA + NL)

/* roles, may be added up */
#define ACQ  1          /* acquire: claim, take over, or find the machine's own session */
#define REL  2          /* release by its holder, or DELETE session by an admin: the same commit, another reason */
#define REAP 4
#define ADM  8          /* brings the number of seat documents to its target, after PATCH or a crash of one */
#define BEAT 16         /* a client that keeps a session id and beats, also after it ended */
#define GRP  32         /* group commit: two machines in one commit */
#define NSUS 64         /* the naive suspend: set the status, then end each session found */

/* what an agent (or a limbo slot) is about to do */
#define IDLE    0
#define A_HOLD  1       /* read the holder */
#define A_SEAT  2       /* query open seats, or expired sessions */
#define CLAIM   3
#define TAKE    4
#define RENEW   5
#define RELEASE 6
#define REAPING 7
#define R_DOWN  8       /* licence read: too many seats */
#define R_UP    9       /* licence read: too few */
#define S_OPEN  10      /* delete an open seat */
#define S_TAKEN 11      /* delete a taken seat and end its session */
#define GROW    12      /* create a seat */
#define BEATING 13
#define G_HOLD  14
#define G_SEAT  15
#define GCLAIM  16
#define N_QUERY 17

#define OPEN 0
#define GONE 31         /* the seat document does not exist */

/* The preconditions. What is defined as 1 is a precondition that is not there. r is the reader that commits. */
#ifdef M_CLAIM_SEAT
#define P_CLAIM_SEAT    1
#else
#define P_CLAIM_SEAT    (!rd[r].sd)                     /* seat: lastUpdateTime */
#endif
#ifdef M_CLAIM_HOLDER
#define P_CLAIM_HOLDER  1
#else
#define P_CLAIM_HOLDER  (hold[rd[r].m] == 0)            /* holder: create */
#endif
#ifdef M_CLAIM_SESSION
#define P_NEW           1
#else
#define P_NEW           (!s_ex[nid])                    /* new session: create */
#endif
#ifdef M_TAKE_HOLDER
#define P_TAKE_HOLDER   1
#else
#define P_TAKE_HOLDER   (hold[rd[r].m] == 0)            /* holder: create */
#endif
#ifdef M_TAKE_SESSION_EXISTS
#define P_TAKE_SESSION  (s_ex[rd[r].sid])
#else
#ifdef M_TAKE_SESSION_NONE
#define P_TAKE_SESSION  1
#else
#ifdef M_TAKE_SEAT_INSTEAD
#define P_TAKE_SESSION  (!rd[r].sd)                     /* seat: lastUpdateTime, session: nothing */
#else
#define P_TAKE_SESSION  (s_ex[rd[r].sid] && !rd[r].xd)  /* old session: lastUpdateTime */
#endif
#endif
#endif
#ifdef M_RELEASE_NONE
#define P_RELEASE       1
#else
#ifdef M_RELEASE_SEAT_INSTEAD
#define P_RELEASE       (!rd[r].sd)
#else
#define P_RELEASE       (s_ex[rd[r].sid])               /* session: exists */
#endif
#endif
#ifdef M_REAP_NONE
#define P_REAP          1
#else
#ifdef M_REAP_EXISTS
#define P_REAP          (s_ex[rd[r].sid])
#else
#ifdef M_REAP_SEAT_INSTEAD
#define P_REAP          (!rd[r].sd)
#else
#define P_REAP          (s_ex[rd[r].sid] && !rd[r].xd)  /* session: lastUpdateTime */
#endif
#endif
#endif
#ifdef M_SHRINK_OPEN
#define P_SHRINK_OPEN   1
#else
#ifdef M_SHRINK_OPEN_EXISTS
#define P_SHRINK_OPEN   (seat[rd[r].seat] != GONE)
#else
#define P_SHRINK_OPEN   (seat[rd[r].seat] != GONE && !rd[r].sd) /* seat: lastUpdateTime */
#endif
#endif
#ifdef M_SHRINK_TAKEN
#define P_SHRINK_TAKEN  1
#else
#define P_SHRINK_TAKEN  (s_ex[rd[r].sid])               /* session: exists */
#endif
#ifdef M_ADMIN_LICENCE
#define P_LICENCE       1
#else
#define P_LICENCE       (!rd[r].ld)                     /* licence: lastUpdateTime */
#endif
#ifdef M_GROW
#define P_GROW          1
#else
#define P_GROW          (seat[rd[r].seat] == GONE)      /* seat: create */
#endif
#ifdef M_BEAT
#define P_BEAT          1
#else
#define P_BEAT          (s_ex[rd[me].sid])              /* session: exists (update implies it) */
#endif
#ifdef M_GROUP_SEAT
#define P_APART(a, b)   1
#else
#define P_APART(a, b)   (a != b)                        /* a group never has one document twice */
#endif
#ifdef ENDED_CREATE
#define P_ENDED(s)      (!ended[s])                     /* ended_sessions: create; not needed for safety */
#else
#define P_ENDED(s)      1
#endif

#ifdef CANON
#define SORT
#endif

/* With -DMASK the environment variable INV says which invariants count (bit n for In); else all of them. */
#ifdef MASK
c_decl {
\#include <stdlib.h>
static int inv_mask;
__attribute__((constructor)) static void inv_read(void) { inv_mask = atoi(getenv("INV")); }
}
#define ON(n) (c_expr { inv_mask >> n & 1 })
#else
#define ON(n) 1
#endif

/* ---- the documents ---- */
bit  lic_active = 1;
byte lic_max    = START;
byte lic_seats  = START;    /* how many seat documents there are; max_seats is how many there should be */
byte seat[NS + 1];          /* OPEN, a session, or GONE */
byte hold[NM + 1];          /* holders/{m}: a session, or 0 */
bit  s_ex[NID + 1];         /* sessions/{s} exists */
bit  s_exp[NID + 1];        /* its lease has run out; time, not a write */
byte s_seat[NID + 1];
byte s_hold[NID + 1];
bit  ended[NID + 1];        /* ended_sessions/{s} exists */
bit  was[NID + 1];          /* ghost: s has ended (differs from ended only where a mutation forgets the document) */
#ifdef LIVE
byte patches = 2;
#define PATCHES patches > 0 -> patches--;
ltl settles { <> [] ((lic_active && lic_seats == lic_max) || (!lic_active && lic_seats == 0)) }
#else
#define PATCHES
#endif
bit  swept;                 /* ghost: the naive suspend has found no session left */

typedef Reader {
  byte op; byte m; byte seat; byte sid; byte nid;
  bit sd; bit xd; bit ld;               /* seat, session, licence written since read */
#ifdef GROUP
  byte m2; byte seat2; byte nid2; bit sd2;
#endif
};
Reader rd[NR];

#ifdef SHORTEST     /* spin's breadth-first search takes no hidden variables */
#define hidden
#endif
hidden byte ii, jj, kk, nn, nlive, ndocs, nopen, nid, nid2, applied, prev;

#ifdef WAITS
#define P_WAITS (lic_seats <= lic_max)    /* no new seat while a shrink is under way */
#else
#define P_WAITS 1
#endif
#define TARGET (lic_active -> lic_max : 0)

inline wroteSeat(q) { for (ii : 0 .. NR - 1) { if :: rd[ii].seat == q && rd[ii].op != GROW -> rd[ii].sd = 1 :: else fi;
#ifdef GROUP
  if :: rd[ii].seat2 == q -> rd[ii].sd2 = 1 :: else fi;
#endif
  } }
inline wroteSession(q) { for (ii : 0 .. NR - 1) { if :: rd[ii].sid == q && (rd[ii].op == TAKE || rd[ii].op == REAPING) -> rd[ii].xd = 1 :: else fi } }
inline wroteLicence() { for (ii : 0 .. NR - 1) { if :: rd[ii].op >= R_DOWN && rd[ii].op <= GROW -> rd[ii].ld = 1 :: else fi } }

inline clear(r) { rd[r].op = IDLE; rd[r].m = 0; forget(r); rd[r].nid = 0 }
inline forget(r) { rd[r].seat = 0; rd[r].sid = 0; rd[r].sd = 0; rd[r].xd = 0; rd[r].ld = 0;
#ifdef GROUP
  rd[r].m2 = 0; rd[r].seat2 = 0; rd[r].nid2 = 0; rd[r].sd2 = 0;
#endif
}
inline retry(r) { forget(r); rd[r].op = A_HOLD;
#ifndef M_REUSE_ID
  rd[r].nid = 0
#endif
}

/* Picks any x for which c(x) holds, 0 if there is none: what a query or a read may have found. */
#define SEAT2(c) :: c(1) -> x = 1 :: c(2) -> x = 2
#if NS == 1
#define SEATS(c) :: c(1) -> x = 1
#elif NS == 2
#define SEATS(c) SEAT2(c)
#elif NS == 3
#define SEATS(c) SEAT2(c) :: c(3) -> x = 3
#endif
#if NM == 2
#define MACHINES x = 1 :: x = 2
#elif NM == 3
#define MACHINES x = 1 :: x = 2 :: x = 3
#endif
#define ID3(c) :: c(1) -> x = 1 :: c(2) -> x = 2 :: c(3) -> x = 3
#if NID >= 4
#define ID4(c) ID3(c) :: c(4) -> x = 4
#else
#define ID4(c) ID3(c)
#endif
#if NID >= 5
#define ID5(c) ID4(c) :: c(5) -> x = 5
#else
#define ID5(c) ID4(c)
#endif
#if NID >= 6
#define ID6(c) ID5(c) :: c(6) -> x = 6
#else
#define ID6(c) ID5(c)
#endif
#if NID >= 7
#define ID7(c) ID6(c) :: c(7) -> x = 7
#else
#define ID7(c) ID6(c)
#endif
#if NID >= 8
#define ID8(c) ID7(c) :: c(8) -> x = 8
#else
#define ID8(c) ID7(c)
#endif
#if NID >= 9
#define SESSIONS(c) ID8(c) :: c(9) -> x = 9
#else
#define SESSIONS(c) ID8(c)
#endif
#define FIND_SEAT(c)    if SEATS(c) :: else -> x = 0 fi
#define FIND_SESSION(c) if SESSIONS(c) :: else -> x = 0 fi
#define isOpen(v)       (seat[v] == OPEN)
#define isGone(v)       (seat[v] == GONE)
#define isLive(v)       (s_ex[v])
#define isFresh(v)      (s_ex[v] && !s_exp[v])
#define isExpired(v)    (s_ex[v] && s_exp[v])
#define isOthers(v)     (s_ex[v] && s_exp[v] && s_hold[v] != rd[me].m)

/* A session id that nothing mentions; 0 if there is none left (-DIDS: that must not happen). */
inline fresh(v, but) {
  v = 0;
  for (ii : 1 .. NID) {
    applied = 0;
    for (jj : 0 .. NR - 1) { if :: rd[jj].sid == ii || rd[jj].nid == ii -> applied = 1 :: else fi;
#ifdef GROUP
      if :: rd[jj].nid2 == ii -> applied = 1 :: else fi;
#endif
    }
    if :: v == 0 && !applied && !s_ex[ii] && ii != but -> v = ii :: else fi
  }
#ifdef IDS
  assert(v != 0);
#endif
}

inline born(s, q, h) {
  s_ex[s] = 1; s_exp[s] = 0; s_seat[s] = q; s_hold[s] = h; hold[h] = s; seat[q] = s;
  wroteSession(s); wroteSeat(q)
}
/* The four writes with which every session ends: delete session, create ended, delete holder, write seat. */
inline end(s, q) {
  s_ex[s] = 0; was[s] = 1;
#ifndef M_ENDED_APART
  ended[s] = 1;
#endif
  hold[s_hold[s]] = 0; wroteSession(s);
  if :: seat[s_seat[s]] != GONE -> seat[s_seat[s]] = q; wroteSeat(s_seat[s]) :: else fi
}

/* One commit by reader r: ok says whether it was applied. */
inline commit(r) {
  prev = rd[r].sid;
  if
  :: rd[r].op == CLAIM || rd[r].op == TAKE || rd[r].op == GCLAIM ->
     if :: rd[r].nid -> nid = rd[r].nid :: else -> fresh(nid, 0) fi
  :: else -> nid = 0
  fi;
#ifdef GROUP
  if
  :: rd[r].op == GCLAIM -> if :: rd[r].nid2 -> nid2 = rd[r].nid2 :: else -> fresh(nid2, nid) fi
  :: else -> nid2 = 0
  fi;
#endif
  applied = 0;
  if
  :: rd[r].op == CLAIM ->
     if
     :: nid && seat[rd[r].seat] != GONE && P_CLAIM_SEAT && P_CLAIM_HOLDER && P_NEW ->
        applied = 1; printf("@ %d commit: machine %d claims seat %d as session %d\n", r, rd[r].m, rd[r].seat, nid);
        kk = rd[r].seat; born(nid, kk, rd[r].m)
     :: else -> printf("@ %d commit: claim of seat %d for machine %d fails\n", r, rd[r].seat, rd[r].m)
     fi
  :: rd[r].op == TAKE ->
     if
     :: nid && seat[s_seat[prev]] != GONE && P_TAKE_SESSION && P_TAKE_HOLDER && P_ENDED(prev) && P_NEW ->
        applied = 1; printf("@ %d commit: machine %d takes over seat %d of session %d as session %d\n", r, rd[r].m, s_seat[prev], prev, nid);
        assert(!ON(6) || !s_ex[prev] || !rd[r].xd);      /* I6 */
        kk = s_seat[prev]; end(prev, OPEN); born(nid, kk, rd[r].m)
     :: else -> printf("@ %d commit: takeover of session %d for machine %d fails\n", r, prev, rd[r].m)
     fi
  :: rd[r].op == RELEASE ->
     if
     :: seat[s_seat[prev]] != GONE && P_RELEASE && P_ENDED(prev) -> applied = 1; printf("@ %d commit: session %d released, seat %d opened\n", r, prev, s_seat[prev]); end(prev, OPEN)
     :: else -> printf("@ %d commit: release of session %d fails\n", r, prev)
     fi
  :: rd[r].op == REAPING ->
     if
     :: seat[s_seat[prev]] != GONE && P_REAP && P_ENDED(prev) ->
        applied = 1; printf("@ %d commit: session %d reaped, seat %d opened\n", r, prev, s_seat[prev]);
        assert(!ON(6) || !s_ex[prev] || !rd[r].xd);      /* I6 */
        end(prev, OPEN)
     :: else -> printf("@ %d commit: reaping of session %d fails\n", r, prev)
     fi
  :: rd[r].op == S_OPEN ->
     if
     :: P_LICENCE && P_SHRINK_OPEN ->
        applied = 1; printf("@ %d commit: seat %d deleted, seats = %d\n", r, rd[r].seat, rd[r].m - 1);
        kk = rd[r].seat; seat[kk] = GONE; wroteSeat(kk); lic_seats = rd[r].m - 1; wroteLicence()
     :: else -> printf("@ %d commit: delete of seat %d fails\n", r, rd[r].seat)
     fi
  :: rd[r].op == S_TAKEN ->
     if
     :: P_LICENCE && P_SHRINK_TAKEN && P_ENDED(prev) ->
        applied = 1; printf("@ %d commit: session %d ended, seat %d deleted, seats = %d\n", r, prev, s_seat[prev], rd[r].m - 1);
        end(prev, GONE); lic_seats = rd[r].m - 1; wroteLicence()
     :: else -> printf("@ %d commit: end of session %d with its seat fails\n", r, prev)
     fi
  :: rd[r].op == GROW ->
     if
     :: P_LICENCE && P_GROW ->
        applied = 1; printf("@ %d commit: seat %d created, seats = %d\n", r, rd[r].seat, rd[r].m + 1);
        kk = rd[r].seat; seat[kk] = OPEN; wroteSeat(kk); lic_seats = rd[r].m + 1; wroteLicence()
     :: else -> printf("@ %d commit: create of seat %d fails\n", r, rd[r].seat)
     fi
#ifdef GROUP
  /* Preconditions are held against the documents as they were before the commit, writes apply in order: this is what
     the emulator does when one document is in a commit twice (two creates of one document are refused). */
  :: rd[r].op == GCLAIM ->
     if
     :: nid && nid2 && seat[rd[r].seat] != GONE && !rd[r].sd && seat[rd[r].seat2] != GONE && !rd[r].sd2 &&
        hold[rd[r].m] == 0 && hold[rd[r].m2] == 0 ->
        applied = 1; printf("@ %d commit: machines %d and %d claim seats %d and %d as sessions %d and %d\n", r, rd[r].m, rd[r].m2, rd[r].seat, rd[r].seat2, nid, nid2);
        kk = rd[r].seat; nn = rd[r].seat2; born(nid, kk, rd[r].m); born(nid2, nn, rd[r].m2)
     :: else -> printf("@ %d commit: group fails\n", r)
     fi
#endif
  fi
}

/* Agents of one role are interchangeable, and so are limbo slots: keep their records sorted. */
#ifdef SORT
#ifndef R1
#define R1 0
#endif
#ifndef R2
#define R2 0
#endif
#ifndef R3
#define R3 0
#endif
#ifndef R4
#define R4 0
#endif
#ifndef R5
#define R5 0
#endif
#ifndef R6
#define R6 0
#endif
#ifndef R7
#define R7 0
#endif
#ifndef R8
#define R8 0
#endif
#define SAME(x) (x >= NA || (x < NA - 1 && ((((R0 == R1) + 2 * (R1 == R2) + 4 * (R2 == R3) + 8 * (R3 == R4) + 16 * (R4 == R5) + 32 * (R5 == R6) + 64 * (R6 == R7) + 128 * (R7 == R8)) >> x) & 1)))
#ifdef GROUP
#define KEY2(x) (((((rd[x].m2 * 4 + rd[x].seat2) * 16 + rd[x].nid2) * 2 + rd[x].sd2)))
#else
#define KEY2(x) 0
#endif
#define KEY(x) (((((((rd[x].op * 4 + rd[x].m) * 4 + rd[x].seat) * 16 + rd[x].sid) * 16 + rd[x].nid) * 2 + rd[x].sd) * 2 + rd[x].xd) * 2 + rd[x].ld)
#define SWAP(f) kk = rd[ii].f; rd[ii].f = rd[ii + 1].f; rd[ii + 1].f = kk
inline sym() {
  for (jj : 1 .. 2) {
    for (ii : 0 .. NR - 2) {
      if
      :: SAME(ii) && (KEY(ii) > KEY(ii + 1) || (KEY(ii) == KEY(ii + 1) && KEY2(ii) > KEY2(ii + 1))) ->
         SWAP(op); SWAP(m); SWAP(seat); SWAP(sid); SWAP(nid); SWAP(sd); SWAP(xd); SWAP(ld);
#ifdef GROUP
         SWAP(m2); SWAP(seat2); SWAP(nid2); SWAP(sd2);
#endif
      :: else
      fi
    }
  }
  ii = 0; jj = 0; kk = 0
}
#else
inline sym() { skip }
#endif

/* After every write: forget what nobody can mention any more, then hold the documents against the invariants. */
inline settle() {
#ifdef CANON
  /* A commit whose precondition can never hold again has no effect but a retry: put its reader where the retry starts.
     Sound only with every precondition in place, so mutations run without it. */
  for (ii : 0 .. NR - 1) {
    if
    :: (rd[ii].op == CLAIM && rd[ii].sd) || (rd[ii].op == TAKE && rd[ii].xd) || (rd[ii].op == RENEW && !s_ex[rd[ii].sid]) ->
       if :: ii < NA -> retry(ii) :: else -> clear(ii) fi
#ifdef GROUP
    :: rd[ii].op == GCLAIM && (rd[ii].sd || rd[ii].sd2) -> if :: ii < NA -> retry(ii) :: else -> clear(ii) fi
#endif
    :: (rd[ii].op == RELEASE && !s_ex[rd[ii].sid]) || (rd[ii].op == REAPING && rd[ii].xd) ||
       (rd[ii].op >= R_DOWN && rd[ii].op <= GROW && rd[ii].ld) || (rd[ii].op == S_OPEN && rd[ii].sd) ||
       (rd[ii].op == S_TAKEN && !s_ex[rd[ii].sid]) -> clear(ii)
    :: else
    fi
  }
#endif
  for (ii : 1 .. NID) {
    applied = s_ex[ii];
    for (jj : 0 .. NR - 1) { if :: rd[jj].sid == ii || rd[jj].nid == ii -> applied = 1 :: else fi;
#ifdef GROUP
      if :: rd[jj].nid2 == ii -> applied = 1 :: else fi;
#endif
    }
    if :: !applied -> s_seat[ii] = 0; s_hold[ii] = 0; s_exp[ii] = 0; ended[ii] = 0; was[ii] = 0 :: else fi
  }
  nlive = 0; ndocs = 0; nopen = 0;
  for (ii : 1 .. NS) {
    if :: seat[ii] != GONE -> ndocs++ :: else fi;
    if :: seat[ii] == OPEN -> nopen++ :: else fi;
    assert(!ON(3) || seat[ii] == OPEN || seat[ii] == GONE || (s_ex[seat[ii]] && s_seat[seat[ii]] == ii))     /* I3: seat -> session */
  }
  for (ii : 1 .. NID) {
    if
    :: s_ex[ii] ->
       nlive++;
       assert(!ON(3) || (seat[s_seat[ii]] == ii && hold[s_hold[ii]] == ii));                /* I3: session -> seat, holder */
       assert(!ON(4) || !was[ii]);                                                       /* I4: ended stays ended */
       for (jj : 1 .. NID) { assert(!ON(2) || ii == jj || !s_ex[jj] || s_hold[ii] != s_hold[jj]) }    /* I2 */
    :: else
    fi
  }
  for (ii : 1 .. NM) { assert(!ON(3) || hold[ii] == 0 || (s_ex[hold[ii]] && s_hold[hold[ii]] == ii)) }       /* I3: holder -> session */
  assert(!ON(1) || nlive <= lic_seats);                                                  /* I1 */
  assert(!ON(1) || !swept || nlive == 0);                                                /* I1 for a suspended licence */
  assert(!ON(5) || (nopen + nlive == lic_seats && ndocs == lic_seats));                    /* I5 */
  sym();
  ii = 0; jj = 0; kk = 0; nn = 0; nlive = 0; ndocs = 0; nopen = 0; nid = 0; nid2 = 0; applied = 0; prev = 0
}

proctype agent(byte me; byte role) {
  byte x, y;
  do
  /* ---- acquire ---- */
  :: atomic { rd[me].op == IDLE && (role & ACQ) && lic_active && P_WAITS -> if :: MACHINES fi;
       rd[me].op = A_HOLD; rd[me].m = x; printf("@ %d acquire for machine %d: reads licence, active\n", me, x); x = 0; d_step { sym() } }
  :: atomic { rd[me].op == A_HOLD ->
       if
       :: hold[rd[me].m] -> rd[me].op = RENEW; rd[me].sid = hold[rd[me].m]; rd[me].xd = 0; printf("@ %d reads holder %d: session %d\n", me, rd[me].m, rd[me].sid)
       :: else -> rd[me].op = A_SEAT; printf("@ %d reads holder %d: none\n", me, rd[me].m)
       fi; d_step { sym() } }
  :: atomic { rd[me].op == A_SEAT -> FIND_SEAT(isOpen);       /* any open seat */
       if
       :: x -> rd[me].op = CLAIM; rd[me].seat = x; rd[me].sd = 0; printf("@ %d queries seats: %d is open\n", me, x)
       :: else
       fi; x = 0; d_step { sym() } }
  :: atomic { rd[me].op == A_SEAT -> FIND_SESSION(isOthers);    /* any expired session of another machine, even if a seat has opened meanwhile */
       if
       :: x ->
          rd[me].op = TAKE; rd[me].sid = x; rd[me].xd = 0; printf("@ %d queries expired sessions: %d\n", me, x)
#ifdef M_TAKE_SEAT_INSTEAD
          ; rd[me].seat = s_seat[x]; rd[me].sd = 0
#endif
       :: else
       fi; x = 0; d_step { sym() } }
  :: d_step { rd[me].op == A_HOLD || rd[me].op == A_SEAT -> clear(me); settle() }       /* 402, or the caller has gone */
  :: d_step { (rd[me].op == CLAIM || rd[me].op == TAKE || rd[me].op == GCLAIM) -> commit(me);
       if
       :: applied -> assert(!ON(7) || (s_ex[nid] && !s_exp[nid])); clear(me)                 /* I7: answered with a live lease */
       :: else -> retry(me)                                                             /* a group is split */
       fi; settle() }
  :: d_step { rd[me].op == RENEW ->
#ifdef M_RENEW_READ
       /* answers with what the holder document said, without writing */
       assert(!ON(7) || (s_ex[rd[me].sid] && !s_exp[rd[me].sid])); clear(me);
#else
       if
       :: s_ex[rd[me].sid] -> printf("@ %d renews session %d and answers with it\n", me, rd[me].sid); s_exp[rd[me].sid] = 0; kk = rd[me].sid; wroteSession(kk); clear(me)
       :: else -> retry(me)
       fi;
#endif
       settle() }

  /* ---- release, force release ---- */
  :: atomic { rd[me].op == IDLE && (role & REL) -> FIND_SESSION(isLive);
       if
       :: x -> rd[me].op = RELEASE; rd[me].sid = x; rd[me].xd = 0; printf("@ %d release: reads session %d\n", me, x)
#ifdef M_RELEASE_SEAT_INSTEAD
          ; rd[me].seat = s_seat[x]; rd[me].sd = 0
#endif
       :: else
       fi; x = 0; d_step { sym() } }

  /* ---- reaper ---- */
  :: atomic { rd[me].op == IDLE && (role & REAP) -> FIND_SESSION(isExpired);
       if
       :: x -> rd[me].op = REAPING; rd[me].sid = x; rd[me].xd = 0; printf("@ %d reaper: queries expired sessions: %d\n", me, x)
#ifdef M_REAP_SEAT_INSTEAD
          ; rd[me].seat = s_seat[x]; rd[me].sd = 0
#endif
       :: else
       fi; x = 0; d_step { sym() } }

  /* ---- admin: one seat at a time towards the target; whoever comes next goes on after a crash ---- */
  :: d_step { rd[me].op == IDLE && (role & ADM) && lic_seats != TARGET ->
       if :: lic_seats > TARGET -> rd[me].op = R_DOWN :: else -> rd[me].op = R_UP fi;
       rd[me].m = lic_seats; rd[me].ld = 0; printf("@ %d admin: reads licence, %d seats, should be %d\n", me, lic_seats, TARGET); sym() }
#ifdef LIVE
  /* open seats first, and no idle choices: what fairness is promised for */
  :: d_step { rd[me].op == R_DOWN ->
       for (ii : 1 .. NS) { if :: rd[me].op == R_DOWN && seat[ii] == OPEN -> rd[me].op = S_OPEN; rd[me].seat = ii; rd[me].sd = 0 :: else fi };
       for (ii : 1 .. NID) { if :: rd[me].op == R_DOWN && s_ex[ii] -> rd[me].op = S_TAKEN; rd[me].sid = ii; rd[me].xd = 0 :: else fi };
       ii = 0; sym() }
#else
  :: atomic { rd[me].op == R_DOWN -> FIND_SEAT(isOpen);
       if
       :: x -> rd[me].op = S_OPEN; rd[me].seat = x; rd[me].sd = 0; printf("@ %d admin: seat %d is open\n", me, x)
       :: else
       fi; x = 0; d_step { sym() } }
  :: atomic { rd[me].op == R_DOWN -> FIND_SESSION(isLive);
       if
       :: x -> rd[me].op = S_TAKEN; rd[me].sid = x; rd[me].xd = 0; printf("@ %d admin: session %d is surplus\n", me, x)
       :: else
       fi; x = 0; d_step { sym() } }
#endif
  :: atomic { rd[me].op == R_UP -> FIND_SEAT(isGone);
       if
       :: x -> rd[me].op = GROW; rd[me].seat = x; rd[me].sd = 0; printf("@ %d admin: there is no seat %d\n", me, x)
       :: else
       fi; x = 0; d_step { sym() } }
#ifndef LIVE
  :: d_step { rd[me].op == R_DOWN || rd[me].op == R_UP -> clear(me); settle() }      /* crashes, or finds nothing */
#endif

  :: d_step { rd[me].op == RELEASE || rd[me].op == REAPING || rd[me].op == S_OPEN || rd[me].op == S_TAKEN || rd[me].op == GROW ->
       commit(me); clear(me); settle() }

  /* ---- any commit may be left under way ---- */
#if NL > 0
  :: d_step { rd[me].op == CLAIM || rd[me].op == TAKE || rd[me].op == RELEASE || rd[me].op == REAPING ||
              rd[me].op == S_OPEN || rd[me].op == S_TAKEN || rd[me].op == GROW || rd[me].op == GCLAIM ->
       nn = NA;
       do :: nn < NR && rd[nn].op != IDLE -> nn++ :: else -> break od;
       nid = rd[me].nid; nid2 = 0;
       if :: nn < NR && nid == 0 && (rd[me].op == CLAIM || rd[me].op == TAKE || rd[me].op == GCLAIM) -> fresh(nid, 0) :: else fi;
#ifdef GROUP
       if :: nn < NR && rd[me].op == GCLAIM -> fresh(nid2, nid) :: else fi;
#endif
       if
       :: nn < NR && (nid || (rd[me].op != CLAIM && rd[me].op != TAKE && rd[me].op != GCLAIM)) ->
          printf("@ %d sends its commit (%d) and hears nothing\n", me, rd[me].op);
          rd[nn].op = rd[me].op; rd[nn].m = rd[me].m; rd[nn].seat = rd[me].seat; rd[nn].sid = rd[me].sid; rd[nn].nid = nid;
          rd[nn].sd = rd[me].sd; rd[nn].xd = rd[me].xd; rd[nn].ld = rd[me].ld;
#ifdef GROUP
          rd[nn].m2 = rd[me].m2; rd[nn].seat2 = rd[me].seat2; rd[nn].sd2 = rd[me].sd2; rd[nn].nid2 = nid2;
#endif
          if
          :: rd[me].op == CLAIM || rd[me].op == TAKE || rd[me].op == GCLAIM ->
#ifdef M_REUSE_ID
             rd[me].nid = nid;
#endif
             retry(me)
          :: else -> clear(me)
          fi;
          settle()
       :: else -> nn = 0; nid = 0; nid2 = 0; applied = 0
       fi }
#endif

  /* ---- a client that knows a session id ---- */
  :: atomic { rd[me].op == IDLE && (role & BEAT) -> FIND_SESSION(isLive);
       if :: x -> rd[me].op = BEATING; rd[me].sid = x; printf("@ %d client: knows session %d\n", me, x) :: else fi; x = 0; d_step { sym() } }
  :: d_step { rd[me].op == BEATING ->
       if
       :: P_BEAT -> printf("@ %d heartbeat of session %d succeeds\n", me, rd[me].sid);
          assert(!ON(4) || !was[rd[me].sid]);                                           /* I4 */
          s_ex[rd[me].sid] = 1; s_exp[rd[me].sid] = 0; kk = rd[me].sid; wroteSession(kk)
       :: else -> printf("@ %d heartbeat of session %d: gone\n", me, rd[me].sid);
          assert(!ON(8) || ended[rd[me].sid])                                           /* I8: 410, not 404 */
       fi; settle() }
  :: d_step { rd[me].op == BEATING -> clear(me); settle() }

#ifdef GROUP
  /* ---- two machines in one commit ---- */
  :: atomic { rd[me].op == IDLE && (role & GRP) && lic_active -> if :: MACHINES fi; y = x; if :: MACHINES fi;
       if :: x != y -> rd[me].op = G_HOLD; rd[me].m = x; rd[me].m2 = y; printf("@ %d group for machines %d and %d\n", me, x, y) :: else fi;
       x = 0; y = 0; d_step { sym() } }
  :: d_step { rd[me].op == G_HOLD -> if :: hold[rd[me].m] == 0 && hold[rd[me].m2] == 0 -> rd[me].op = G_SEAT :: else -> retry(me) fi; sym() }
  :: atomic { rd[me].op == G_SEAT -> FIND_SEAT(isOpen); y = x; FIND_SEAT(isOpen);
       if
       :: x && y && P_APART(x, y) -> rd[me].op = GCLAIM; rd[me].seat = x; rd[me].seat2 = y; rd[me].sd = 0; rd[me].sd2 = 0; printf("@ %d queries seats: %d and %d\n", me, x, y)
       :: else
       fi; x = 0; y = 0; d_step { sym() } }
  :: d_step { rd[me].op == G_SEAT -> clear(me); settle() }
#endif

#ifdef NAIVE
  /* ---- the naive suspend ---- */
  :: d_step { rd[me].op == IDLE && (role & NSUS) && lic_active -> lic_active = 0; wroteLicence(); rd[me].op = N_QUERY; printf("@ %d suspends the licence\n", me); settle() }
  :: atomic { rd[me].op == N_QUERY -> FIND_SESSION(isLive);
       if :: x -> rd[me].op = RELEASE; rd[me].sid = x; rd[me].xd = 0 :: else fi; x = 0; d_step { sym() } }
  :: d_step { rd[me].op == IDLE && (role & NSUS) && !lic_active && !swept -> rd[me].op = N_QUERY }
  :: d_step { rd[me].op == N_QUERY ->
       nn = 0;
       for (ii : 1 .. NID) { if :: s_ex[ii] -> nn = 1 :: else fi };
       if :: !nn -> swept = 1; clear(me); printf("@ %d finds no session left: suspended\n", me) :: else fi; settle() }
#endif
  od
}

/* Time, the clients' heartbeats, the network, PATCH. */
proctype world() {
  byte x;
  do
  :: atomic { true -> FIND_SESSION(isFresh); if :: x -> s_exp[x] = 1; printf("@ - the lease of session %d runs out\n", x); x = 0 :: else fi }
  :: atomic { true -> FIND_SESSION(isLive); if :: x -> d_step { printf("@ - heartbeat of session %d\n", x); s_exp[x] = 0; wroteSession(x); settle(); x = 0 } :: else fi }
#if NL > 0
  :: d_step { rd[NA].op != IDLE -> printf("@ a commit under way arrives\n"); commit(NA); settle() }     /* and may again */
  :: d_step { rd[NA].op != IDLE -> clear(NA); settle() }                        /* or never does (again) */
#endif
#if NL > 1
  :: d_step { rd[NA + 1].op != IDLE -> printf("@ a commit under way arrives\n"); commit(NA + 1); settle() }
  :: d_step { rd[NA + 1].op != IDLE -> clear(NA + 1); settle() }
#endif
#ifdef PATCH
  /* x = 0: suspend; else active with max_seats x. A blind update of the licence. */
  :: atomic { PATCHES
       if
       :: x = 0
#ifndef SUSPEND_ONLY
       :: x = 1
#if NS > 2
       :: x = 2
#endif
#endif
       :: x = NS
       fi;
       d_step {
         if
         :: x == 0 -> lic_active = 0; printf("@ - PATCH status suspended\n")
         :: else -> lic_active = 1; lic_max = x; printf("@ - PATCH status active, max_seats %d\n", x)
         fi;
         wroteLicence(); settle(); x = 0 } }
#endif
  od
}

init {
  atomic {
    byte a = 1;
    do :: a <= NS -> if :: a > START -> seat[a] = GONE :: else fi; a++ :: else -> break od;
    a = 0;
    run world();
    run agent(0, R0);
#if NA > 1
    run agent(1, R1);
#endif
#if NA > 2
    run agent(2, R2);
#endif
#if NA > 3
    run agent(3, R3);
#endif
#if NA > 4
    run agent(4, R4);
#endif
#if NA > 5
    run agent(5, R5);
#endif
#if NA > 6
    run agent(6, R6);
#endif
#if NA > 7
    run agent(7, R7);
#endif
#if NA > 8
    run agent(8, R8);
#endif
  }
}
