/**
 * A queue in which tenants take turns, and within a tenant its licences: however many requests one of them has waiting,
 * the next request of another one is served after at most one of each. Within a licence the order is that of arrival.
 */
export interface FairQueue<Item> {
  readonly size: number;
  push(owner: Owner, item: Item): void;
  /** Removes the item whose turn it is; undefined when none waits. */
  shift(): Item | undefined;
  /** How many of the waiting items are served before one that is pushed now, give or take a turn of each licence. */
  ahead(owner: Owner): number;
}

/** Who an item belongs to. */
export interface Owner {
  readonly tenant: string;
  readonly license: string;
}

interface Tenant<Item> {
  size: number;
  /** In the order of their turns; none is empty. */
  readonly licenses: Map<string, Item[]>;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  const tenants = new Map<string, Tenant<Item>>();
  let size = 0;
  return {
    get size() {
      return size;
    },

    push({ tenant, license }, item) {
      const own = tenants.get(tenant) ?? { size: 0, licenses: new Map<string, Item[]>() };
      tenants.set(tenant, own);
      const items = own.licenses.get(license) ?? [];
      own.licenses.set(license, items);
      items.push(item);
      own.size += 1;
      size += 1;
    },

    shift() {
      const next = tenants.entries().next().value;
      if (next === undefined) return undefined;
      const [name, tenant] = next;
      const item = shiftLicense(tenant);
      tenants.delete(name); // put back behind the others
      if (tenant.size > 0) tenants.set(name, tenant);
      size -= 1;
      return item;
    },

    ahead({ tenant, license }) {
      const own = tenants.get(tenant);
      const place = own === undefined ? 0 : aheadOf(own.licenses.get(license)?.length ?? 0, sizesOf(own.licenses));
      return aheadOf(
        place,
        [...tenants.values()].map((each) => each.size),
        own?.size,
      );
    },
  };
}

function shiftLicense<Item>(tenant: Tenant<Item>): Item | undefined {
  const next = tenant.licenses.entries().next().value;
  if (next === undefined) return undefined;
  const [name, items] = next;
  const item = items.shift();
  tenant.licenses.delete(name);
  if (items.length > 0) tenant.licenses.set(name, items);
  tenant.size -= 1;
  return item;
}

const sizesOf = <Item>(licenses: ReadonlyMap<string, readonly Item[]>) =>
  [...licenses.values()].map(({ length }) => length);

/**
 * Items served before one that has `place` items of its own queue before it: each of the other queues has one turn for
 * each of its own.
 * @param sizes of all queues, its own included
 * @param own size of its own queue
 */
function aheadOf(place: number, sizes: readonly number[], own = place): number {
  const turns = place + 1;
  const all = sizes.reduce((sum, size) => sum + Math.min(size, turns), 0);
  return all - Math.min(own, turns) + place;
}
