/** Node's defaults (64 KiB windows, 10 MB a session) are for browsers; here 1,000 calls share a connection. */
export const H2_SETTINGS = { initialWindowSize: 1024 * 1024, maxConcurrentStreams: 10_000, enablePush: false };
export const H2_CONNECTION_WINDOW = 64 * 1024 * 1024;
export const H2_SESSION_MEMORY_MB = 1_000;
/** Clients that cancel thousands of calls are what tests do; the guard against them is for servers on the Internet. */
export const H2_RESETS = 1_000_000;
