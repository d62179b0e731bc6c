/**
 * A bounded search of borrowing, on top of the seat table of docs/seats.md: a session is handed over to a new, borrowed
 * one, and a numbered slot document bounds how many licences are out.
 *
 *   node test/model/borrow.mjs [max=2] [b=1] [m=3] [h=5] [p=2] [d=7] [init=orphan] [drop=GUARD] [cap=STATES] [trace=1]
 *
 * max: seats; b: borrow slots; m: machines; h: session ids; p: commits under way at once; d: commits in all.
 * init=orphan starts with a licence suspended while a borrowed copy is out. drop leaves one guard out: takeover,
 * takeoverSlot, slotCreate, inplace, reap, slotReap, orphans, licGuard.
 *
 * A step plans a commit from what is stored, lands one of those under way, loses one, or lets time pass. A commit may
 * land at any later step or never, so late, lost and concurrent commits are all covered. Exit status 1: a violation.
 */
const arg = Object.fromEntries(process.argv.slice(2).map((a) => a.split('=')));
const MAX = +(arg.max ?? 2),
  B = +(arg.b ?? 1),
  M = +(arg.m ?? 3),
  H = +(arg.h ?? 5),
  P = +(arg.p ?? 2),
  D = +(arg.d ?? 7);
const drop = new Set((arg.drop ?? '').split(',').filter(Boolean)); // mutations
const init = () => ({
  lic: { on: true, want: MAX, seats: MAX, v: 0 },
  seat: Object.fromEntries(Array.from({ length: MAX }, (_, i) => [i, { s: null, v: 0 }])),
  next: MAX,
  hold: {},
  ses: {},
  slot: {},
  ended: {},
  copy: {},
  h: 0,
  n: 0,
  pend: [],
});
const clone = (x) => JSON.parse(JSON.stringify(x));
const key = (s) => JSON.stringify(s);
/** Whether every precondition holds. A commit is {pre: [[kind, id, version]], wr: [[kind, id, value]]}. */
const ok = (s, pre) =>
  pre.every(([k, id, v]) =>
    k === 'lic'
      ? s.lic.v === v
      : k === 'seat'
        ? s.seat[id] && s.seat[id].v === v
        : k === 'noHold'
          ? !(id in s.hold)
          : k === 'ses'
            ? id in s.ses
            : k === 'sesV'
              ? id in s.ses && s.ses[id].v === v
              : k === 'noSlot'
                ? !(id in s.slot)
                : k === 'slotV'
                  ? id in s.slot && s.slot[id].v === v
                  : k === 'hasSeat'
                    ? id in s.seat
                    : k === 'hasHold'
                      ? id in s.hold
                      : false,
  );
function land(s0, c) {
  const s = clone(s0);
  if (!ok(s, c.pre)) return null;
  s.n += 1;
  for (const [k, id, x] of c.wr) {
    if (k === 'seat') {
      if (!(id in s.seat)) return null;
      s.seat[id] = { s: x, v: s.n };
    } else if (k === 'newSeat') s.seat[id] = { s: null, v: s.n };
    else if (k === 'delSeat') delete s.seat[id];
    else if (k === 'hold') s.hold[id] = x;
    else if (k === 'delHold') delete s.hold[id];
    else if (k === 'ses') s.ses[id] = { ...x, v: s.n };
    else if (k === 'delSes') {
      delete s.ses[id];
      s.ended[id] = 1;
    } else if (k === 'beat') {
      s.ses[id].x = 0;
      s.ses[id].v = s.n;
    } else if (k === 'slot') s.slot[id] = { ...x, v: s.n };
    else if (k === 'delSlot') delete s.slot[id];
    else if (k === 'lic') s.lic = { ...s.lic, ...id, v: s.n };
    else if (k === 'next') s.next = Math.max(s.next, id);
    else if (k === 'copy') s.copy[id] = 1;
    else if (k === 'unCopy') delete s.copy[id];
  }
  return s;
}
const live = (slot, s) => !slot.past && !(slot.h in s.ses); // an orphan: a copy is out, its session is gone
const orphans = (s) => Object.values(s.slot).filter((t) => live(t, s)).length;
function plans(s) {
  const out = [];
  const fresh = s.h;
  if (fresh >= H) return out.concat(others(s));
  for (let m = 0; m < M; m++) {
    const has = s.hold[m];
    if (has === undefined && s.lic.on && s.lic.seats <= s.lic.want) {
      for (const [i, d] of Object.entries(s.seat))
        if (d.s === null)
          out.push({
            use: 1,
            pre: [
              ['seat', i, d.v],
              ['noHold', m],
            ],
            wr: [
              ['seat', i, fresh],
              ['hold', m, fresh],
              ['ses', fresh, { m, i, k: null, x: 0 }],
            ],
          });
      for (const [h, o] of Object.entries(s.ses))
        if (o.x && o.m !== m)
          out.push({
            use: 1,
            pre: [drop.has('takeover') ? ['ses', h] : ['sesV', h, o.v], ['noHold', m]],
            wr: [
              ['delSes', h],
              ['delHold', o.m],
              ...(o.k === null || drop.has('takeoverSlot') ? [] : [['delSlot', o.k]]),
              ['seat', o.i, fresh],
              ['hold', m, fresh],
              ['ses', fresh, { m, i: o.i, k: null, x: 0 }],
            ],
          });
    }
    if (has !== undefined && s.ses[has]?.k === null && s.lic.on) {
      // borrow: hand the machine's session over to a borrowed one
      const o = s.ses[has];
      for (let k = 0; k < B; k++)
        if (!(k in s.slot)) {
          if (drop.has('inplace'))
            out.push({
              pre: [
                ['ses', has],
                ['noSlot', k],
              ],
              wr: [
                ['ses', has, { ...o, k, x: 0 }],
                ['slot', k, { h: +has, past: 0 }],
                ['copy', has],
              ],
            });
          else
            out.push({
              use: 1,
              pre: [['ses', has], ...(drop.has('slotCreate') ? [] : [['noSlot', k]])],
              wr: [
                ['delSes', has],
                ['seat', o.i, fresh],
                ['hold', m, fresh],
                ['ses', fresh, { m, i: o.i, k, x: 0 }],
                ['slot', k, { h: fresh, past: 0 }],
                ['copy', fresh],
              ],
            });
        }
    }
  }
  return out.concat(others(s));
}
function others(s) {
  const out = [];
  for (const [h, o] of Object.entries(s.ses)) {
    out.push({
      pre: [['ses', h]],
      wr: [
        ['delSes', h],
        ['delHold', o.m],
        ['seat', o.i, null],
        ...(o.k === null
          ? []
          : [
              ['delSlot', o.k],
              ['unCopy', h],
            ]),
      ],
    }); // release by holder: the copy is deleted
    if (o.k === null)
      out.push({
        pre: [['ses', h]],
        wr: [
          ['delSes', h],
          ['delHold', o.m],
          ['seat', o.i, null],
        ],
      }); // by an administrator: not a borrowed one (409)
    if (o.x) {
      out.push({ pre: [['ses', h]], wr: [['beat', h]] });
      out.push({
        pre: [drop.has('reap') ? ['ses', h] : ['sesV', h, o.v]],
        wr: [['delSes', h], ['delHold', o.m], ['seat', o.i, null], ...(o.k === null ? [] : [['delSlot', o.k]])],
      });
    }
  }
  // settle, one step: licence read first, then seats, sessions and slots (all from one snapshot here; `stale` splits it)
  const or = drop.has('orphans') ? 0 : orphans(s);
  const target = s.lic.on ? Math.max(0, s.lic.want - or) : 0;
  const L = drop.has('licGuard') ? [] : [['lic', null, s.lic.v]];
  if (s.lic.seats > target) {
    const open = Object.entries(s.seat).filter(([, d]) => d.s === null);
    for (const [i, d] of open)
      out.push({
        pre: [...L, ['seat', i, d.v]],
        wr: [
          ['lic', { seats: s.lic.seats - 1 }],
          ['delSeat', i],
        ],
      });
    if (!open.length)
      for (const [h, o] of Object.entries(s.ses))
        if (o.k === null || !s.lic.on)
          out.push({
            pre: [...L, ['ses', h]],
            wr: [
              ['lic', { seats: s.lic.seats - 1 }],
              ['delSes', h],
              ['delHold', o.m],
              ['delSeat', o.i],
            ],
          }); // the slot stays: a copy is out
  }
  if (s.lic.seats < target)
    out.push({
      pre: L,
      wr: [
        ['lic', { seats: s.lic.seats + 1 }],
        ['newSeat', s.next],
        ['next', s.next + 1],
      ],
    });
  for (const [k, t] of Object.entries(s.slot))
    if (t.past && !(t.h in s.ses))
      out.push({ pre: drop.has('slotReap') ? [] : [['slotV', k, t.v]], wr: [['delSlot', k]] });
  out.push({ pre: [], wr: [['lic', { on: !s.lic.on }]] });
  if (s.lic.want > 1) out.push({ pre: [], wr: [['lic', { want: s.lic.want - 1 }]] });
  return out;
}
function time(s) {
  const out = [];
  for (const [h, o] of Object.entries(s.ses))
    if (!o.x && (o.k === null || s.slot[o.k]?.past)) {
      const t = clone(s);
      t.ses[h].x = 1;
      out.push(t);
    }
  for (const [k, o] of Object.entries(s.slot))
    if (!o.past) {
      const t = clone(s);
      t.slot[k].past = 1;
      delete t.copy[o.h];
      out.push(t);
    }
  return out;
}
function bad(s) {
  const rights = new Set([
    ...Object.entries(s.ses)
      .filter(([, o]) => !o.x)
      .map(([h]) => h),
    ...Object.keys(s.copy),
  ]);
  if (rights.size > MAX) return `rights ${rights.size} > ${MAX} (live or offline)`;
  if (Object.keys(s.ses).length > Object.keys(s.seat).length) return 'more sessions than seats';
  if (Object.keys(s.copy).length > B) return 'more borrowed than the cap';
  for (const h of Object.keys(s.copy))
    if (!Object.values(s.slot).some((t) => String(t.h) === h)) return 'a copy without a slot';
  if (Object.keys(s.seat).length !== s.lic.seats) return 'seats miscounted';
  const seen = new Set();
  for (const [h, o] of Object.entries(s.ses)) {
    if (s.seat[o.i]?.s !== +h) return 'seat does not name its session';
    if (s.hold[o.m] !== +h) return 'holder does not name its session';
    if (seen.has(o.m)) return 'two sessions of one machine';
    seen.add(o.m);
    if (o.k !== null && s.slot[o.k]?.h !== +h) return 'slot does not name its session';
    if (h in s.ended) return 'an ended session exists';
  }
}
const norm = (s) => {
  s.pend.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return s;
};
const seen = new Map();
const first = init();
if (arg.init === 'orphan') {
  first.lic = { on: false, want: MAX, seats: 0, v: 0 };
  first.seat = {};
  first.slot = { 0: { h: 0, past: 1, v: 0 } };
  first.ended = { 0: 1 };
  first.h = 1;
}
let front = [norm(first)];
seen.set(key(front[0]), null);
let trans = 0;
for (let depth = 0; front.length; depth++) {
  const nextFront = [];
  for (const s of front) {
    const k0 = key(s);
    const go = (t, what) => {
      trans++;
      norm(t);
      const k = key(t);
      if (seen.has(k)) return;
      seen.set(k, arg.trace ? [k0, what] : null);
      const b = bad(t);
      if (b) {
        console.log('VIOLATION', b, 'depth', depth + 1, 'states', seen.size);
        if (arg.trace) {
          const tr = [];
          let c = k;
          while (seen.get(c)) {
            tr.push(seen.get(c)[1]);
            c = seen.get(c)[0];
          }
          console.log(
            tr
              .reverse()
              .map((x) => JSON.stringify(x))
              .join('\n'),
          );
          console.log(k);
        }
        process.exit(1);
      }
      nextFront.push(t);
    };
    for (const t of time(s)) go(t, 'time');
    s.pend.forEach((c, i) => {
      const rest = s.pend.filter((_, j) => j !== i);
      const t = land(s, c);
      if (t) {
        t.pend = rest;
        go(t, { land: c });
      }
      const d = clone(s);
      d.pend = rest;
      go(d, 'drop');
    });
    if (s.pend.length < P && s.n + s.pend.length < D)
      for (const c of plans(s)) {
        const t = clone(s);
        t.pend = [...s.pend.map(clone), c];
        if (c.use) t.h += 1;
        go(t, { plan: c });
      }
  }
  front = nextFront;
  if (seen.size > +(arg.cap ?? 4e6)) {
    console.log('CAP reached, partial: states', seen.size, 'transitions', trans, 'depth', depth + 1, 'no violation');
    process.exit(0);
  }
}
console.log('COMPLETE', { MAX, B, M, H, P, D }, 'states', seen.size, 'transitions', trans, 'no violation');
