import type { Write } from '#shared/store/store.ts';
import type { Decorate } from './play.ts';

/** A guard of the commits that concern whose a seat is, left out; planted in the store that the domain is given. */
export interface PlantedBug {
  readonly name: string;
  /** What the checker must say. */
  readonly breaks: RegExp;
  readonly decorate: Decorate;
}

const isEnded = ({ path }: Write) => path.startsWith('ended_sessions/');
const isSession = ({ path }: Write) => path.startsWith('sessions/');
const isUser = ({ path }: Write) => path.includes('/users/');
const isLicense = ({ path }: Write) => /^licenses\/[^/]+$/.test(path);

const moves = (writes: readonly Write[]) =>
  writes.some((write) => write.op === 'create' && isEnded(write) && write.fields['reason'] === 'moved');

const committing =
  (change: (writes: readonly Write[]) => readonly Write[]): Decorate =>
  (store) => ({ ...store, commit: (writes) => store.commit(change(writes)) });

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'a seat moves although the session that it moves from is gone',
    breaks: /I1|I2|I3|I5/,
    decorate: committing((writes) =>
      !moves(writes)
        ? writes
        : writes.map((write) => {
            if (write.op === 'delete' && isSession(write)) return { op: 'delete', path: write.path };
            if (write.op === 'create' && isEnded(write)) return { ...write, op: 'set' };
            if (write.op !== 'update' || !write.path.includes('/holders/')) return write;
            return { op: 'set', path: write.path, fields: write.fields };
          }),
    ),
  },
  {
    name: 'a seat moves and the session that it moves from goes on',
    breaks: /I1|I2|I3|I5/,
    decorate: committing((writes) =>
      moves(writes)
        ? writes.filter((write) => !(isEnded(write) || (write.op === 'delete' && isSession(write))))
        : writes,
    ),
  },
  {
    name: 'an acquire does not look whether its user is on the list still',
    breaks: /a removed user/,
    decorate: committing((writes) => writes.filter((write) => !(write.op === 'update' && isUser(write)))),
  },
  {
    name: 'a removal does not look whether its user has got a seat since',
    breaks: /a removed user/,
    decorate: committing((writes) =>
      writes.map((write) => (write.op === 'delete' && isUser(write) ? { op: 'delete', path: write.path } : write)),
    ),
  },
  {
    name: 'what seats are leased per changes while there are sessions',
    breaks: /of another kind/,
    decorate: committing((writes) =>
      writes.map((write) => {
        if (write.op !== 'update' || !isLicense(write) || !write.fields['next_lease_per']) return write;
        const { next_lease_per: unit, ...fields } = write.fields;
        return { ...write, fields: { ...fields, lease_per: unit, next_lease_per: null } };
      }),
    ),
  },
];
