/**
 * Coalesces concurrent calls with the same key into one ("single flight"): all callers get the same promise. The
 * result is not cached. A call that starts after the shared one has settled runs again, whether it failed or not.
 * @param call the function to share; it must give the same result to every caller with the same key
 */
export function shareIdentical<Result>(call: (key: string) => Promise<Result>): (key: string) => Promise<Result> {
  const inFlight = new Map<string, Promise<Result>>();
  return (key) => {
    const shared = inFlight.get(key);
    if (shared !== undefined) return shared;
    const result = call(key).finally(() => inFlight.delete(key));
    inFlight.set(key, result);
    return result;
  };
}
