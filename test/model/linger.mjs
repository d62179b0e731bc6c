/**
 * A bounded search of `release: "after_copy"`, on top of the seat table of docs/seats.md: a release hands the seat over to
 * a session that keeps it for its machine until the last copy has ended.
 *
 *   node test/model/linger.mjs [seats=1] [m=2] [t=4] [l=2] [p=2] [d=5] [drop=GUARD] [cap=STATES] [trace=1]
 *
 * seats, m: machines; t: ticks of the clock; l: ticks of a lease; p: commits under way at once; d: commits in all. A copy
 * is strict: it works as long as the lease that it was signed with. drop leaves one guard out: linger, takeover, handBack,
 * handOver, reap, release (the session need only exist), open (the seat is open at once), note (a signed copy is not noted in the session).
 *
 * A step plans a commit from what is stored, lands one of those under way, loses one, or lets time pass. A commit may land
 * at any later step or never. A copy is out when its commit has landed. Exit status 1: a violation.
 */
const arg = Object.fromEntries(process.argv.slice(2).map((a) => a.split('=')));
const SEATS = +(arg.seats ?? 1),
  M = +(arg.m ?? 2),
  T = +(arg.t ?? 4),
  L = +(arg.l ?? 2),
  P = +(arg.p ?? 2),
  D = +(arg.d ?? 5);
const dropped = (guard) => arg.drop === guard;
/** ver: of a session or an open seat, the commit that wrote it last. A session id is the number of its commit. */
const init = () => ({
  t: 0,
  n: 0,
  planned: 0,
  seat: Array.from({ length: SEATS }, () => ({ s: null, ver: 0 })),
  hold: {},
  ses: {},
  copy: {},
  pend: [],
});
const clone = (x) => JSON.parse(JSON.stringify(x));
const key = (s) => JSON.stringify(s);

function plans(s) {
  const out = [];
  const guard = (id, name) => ({ id, ver: dropped(name) ? undefined : s.ses[id].ver });
  for (let m = 0; m < M; m++) {
    const own = s.hold[m];
    if (own === undefined) {
      for (const [i, q] of s.seat.entries()) if (q.s === null) out.push({ op: 'claim', m, i, ver: q.ver, at: s.t });
      for (const [id, o] of Object.entries(s.ses))
        if (o.exp <= s.t && o.m !== m) out.push({ op: 'takeOver', m, old: guard(id, 'takeover'), at: s.t });
    } else if (s.ses[own].ling) out.push({ op: 'handBack', m, old: guard(own, 'handBack'), at: s.t });
    else {
      out.push({ op: 'refresh', m, id: own, at: s.t });
      out.push({ op: 'handOver', m, old: guard(own, 'handOver'), at: s.t }); // its licence key has changed
      const { copy } = s.ses[own];
      if (copy > s.t && !dropped('open'))
        out.push({ op: 'linger', m, old: guard(own, 'linger'), until: copy, at: s.t });
      else out.push({ op: 'release', m, old: guard(own, 'release'), at: s.t });
    }
  }
  for (const [id, o] of Object.entries(s.ses))
    if (o.exp <= s.t) out.push({ op: 'reap', m: o.m, old: guard(id, 'reap'), at: s.t });
  return out;
}

function begin(s, m, i, at, copy = 0) {
  const until = at + L;
  s.ses[s.n] = { m, i, exp: until, copy: Math.max(until, copy), ling: 0, ver: s.n };
  s.hold[m] = s.n;
  s.seat[i] = { s: s.n, ver: s.n };
  s.copy[m] = Math.max(s.copy[m] ?? 0, until);
}
function open(s, id) {
  const { i, m } = s.ses[id];
  delete s.ses[id];
  delete s.hold[m];
  s.seat[i] = { s: null, ver: s.n };
}
const holds = (s, { id, ver }) => id in s.ses && (ver === undefined || s.ses[id].ver === ver);

/** The state after the commit, or undefined when a precondition fails. */
function land(before, c) {
  const s = clone(before);
  s.n += 1;
  switch (c.op) {
    case 'claim':
      if (s.seat[c.i].s !== null || s.seat[c.i].ver !== c.ver || c.m in s.hold) return undefined;
      begin(s, c.m, c.i, c.at);
      return s;
    case 'takeOver': {
      if (!holds(s, c.old) || c.m in s.hold) return undefined;
      const { i } = s.ses[c.old.id];
      open(s, c.old.id);
      begin(s, c.m, i, c.at);
      return s;
    }
    case 'handBack':
    case 'handOver': {
      if (!holds(s, c.old)) return undefined;
      const { i, copy } = s.ses[c.old.id];
      delete s.ses[c.old.id];
      begin(s, c.m, i, c.at, copy);
      return s;
    }
    case 'refresh': {
      const o = s.ses[c.id];
      if (o === undefined) return undefined;
      const until = c.at + L;
      o.exp = Math.max(o.exp, until);
      if (!dropped('note')) o.copy = Math.max(o.copy, until);
      o.ver = s.n;
      s.copy[c.m] = Math.max(s.copy[c.m] ?? 0, until);
      return s;
    }
    case 'linger': {
      if (!holds(s, c.old)) return undefined;
      const { i, m } = s.ses[c.old.id];
      delete s.ses[c.old.id];
      s.ses[s.n] = { m, i, exp: c.until, copy: c.until, ling: 1, ver: s.n };
      s.hold[m] = s.n;
      s.seat[i] = { s: s.n, ver: s.n };
      return s;
    }
    case 'release':
    case 'reap':
      if (!holds(s, c.old)) return undefined;
      open(s, c.old.id);
      return s;
  }
}

/** What must hold in every state, for machines whose copy works or whose session lives. */
function violation(s) {
  const using = new Set(
    Object.values(s.ses)
      .filter((o) => !o.ling && o.exp > s.t)
      .map((o) => o.m),
  );
  for (const [m, until] of Object.entries(s.copy)) {
    if (until <= s.t) continue;
    using.add(+m);
    const kept = s.ses[s.hold[m]];
    if (kept === undefined || kept.exp < until) return `a copy of machine ${m} works without a seat`;
  }
  return using.size > SEATS ? `${using.size} copies and sessions on ${SEATS} seats` : undefined;
}

function* steps(s) {
  if (s.t < T) yield ['time passes', { ...clone(s), t: s.t + 1 }];
  for (const [index, c] of s.pend.entries()) {
    const rest = s.pend.filter((_, other) => other !== index);
    yield [`lost: ${c.op} of ${c.m}`, { ...clone(s), pend: rest }];
    const landed = land({ ...s, pend: rest }, c);
    if (landed !== undefined) yield [`lands: ${c.op} of ${c.m}`, landed];
  }
  if (s.pend.length >= P || s.planned >= D) return;
  for (const c of plans(s))
    yield [`plans: ${c.op} of ${c.m}`, { ...clone(s), planned: s.planned + 1, pend: [...s.pend, c] }];
}

const first = init();
const from = new Map([[key(first), undefined]]);
let frontier = [first];
let [transitions, depth] = [0, 0];
const CAP = +(arg.cap ?? 6e6);
while (frontier.length > 0) {
  const next = [];
  for (const s of frontier) {
    for (const [what, after] of steps(s)) {
      transitions += 1;
      after.pend.sort((a, b) => (key(a) < key(b) ? -1 : 1));
      const k = key(after);
      if (from.has(k)) continue;
      from.set(k, [what, key(s)]);
      const broken = violation(after);
      if (broken !== undefined) {
        console.log(`violation at depth ${depth + 1}: ${broken} (${from.size} states)`);
        const history = [];
        for (let at = k; from.get(at) !== undefined; at = from.get(at)[1]) history.unshift(from.get(at)[0]);
        if (arg.trace) console.log(history.join('\n'));
        process.exit(1);
      }
      if (from.size > CAP) {
        console.log(`PARTIAL: more than ${CAP} states, ${transitions} transitions`);
        process.exit(2);
      }
      next.push(after);
    }
  }
  frontier = next;
  depth += 1;
}
console.log(`complete: ${from.size} states, ${transitions} transitions, no violation`);
