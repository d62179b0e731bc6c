/** Items by unique keys, in the order of the keys' UTF-16 code units. */
export interface OrderedEntries<T> {
  /** An item of the same key is replaced. */
  insert(key: string, item: T): void;
  remove(key: string): void;
  /** The items from the place `start` (inclusive) to the place `end` (exclusive). */
  between(start: string, end: string): Generator<T>;
  /** How many there are between these places; looks at two buckets and at the lengths of those between them. */
  count(start: string, end: string): number;
  first(): { readonly key: string; readonly item: T } | undefined;
}

interface Entry<T> {
  readonly key: string;
  item: T;
}

/** An insertion moves half a bucket at the most, and finding a bucket looks at log2 of their number. */
const BUCKET = 512;

/** Sorted buckets: a sorted array whose insertions stay cheap when it is long. */
export function createOrderedEntries<T>(): OrderedEntries<T> {
  const buckets: Entry<T>[][] = [];

  /** The bucket that has the first key at or behind this one, or would have it: the last whose first key is not behind it. */
  const bucketOf = (key: string): number => {
    let low = 0;
    let high = buckets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = buckets[middle]?.[0];
      if (first !== undefined && first.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  };

  return {
    insert(key, item) {
      const at = bucketOf(key);
      const bucket = buckets[at];
      if (bucket === undefined) {
        buckets.push([{ key, item }]);
        return;
      }
      const place = placeIn(bucket, key);
      const found = bucket[place];
      if (found?.key === key) {
        found.item = item;
        return;
      }
      bucket.splice(place, 0, { key, item });
      if (bucket.length > BUCKET) buckets.splice(at + 1, 0, bucket.splice(BUCKET >> 1));
    },

    remove(key) {
      const at = bucketOf(key);
      const bucket = buckets[at];
      if (bucket === undefined) return;
      const place = placeIn(bucket, key);
      if (bucket[place]?.key !== key) return;
      bucket.splice(place, 1);
      if (bucket.length === 0) buckets.splice(at, 1);
    },

    *between(start, end) {
      let at = bucketOf(start);
      let place = placeIn(buckets[at] ?? [], start);
      for (let bucket = buckets[at]; bucket !== undefined; at += 1, place = 0, bucket = buckets[at]) {
        for (let entry = bucket[place]; entry !== undefined; place += 1, entry = bucket[place]) {
          if (entry.key >= end) return;
          yield entry.item;
        }
      }
    },

    count(start, end) {
      if (start >= end) return 0;
      const [from, to] = [bucketOf(start), bucketOf(end)];
      let count = placeIn(buckets[to] ?? [], end) - placeIn(buckets[from] ?? [], start);
      for (let at = from; at < to; at += 1) count += buckets[at]?.length ?? 0;
      return count;
    },

    first: () => buckets[0]?.[0],
  };
}

/** Where the first key is that is not before this one. */
function placeIn<T>(bucket: readonly Entry<T>[], key: string): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = bucket[middle];
    if (entry !== undefined && entry.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
