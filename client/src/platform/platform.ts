import type { CheckSignature } from '../keys/check-signature.ts';
import type { Storage } from '../storage/storage.ts';
import type { ClockSource } from '../trusted-clock.ts';

/** As much of `fetch` as is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method?: 'GET' | 'POST';
    readonly headers?: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<FetchReply>;

export interface FetchReply {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** A release that is sent when there is no time left to wait for its answer. @internal */
export interface Farewell {
  readonly url: string;
  readonly body: string;
}

/** What gives a seat back when the program ends. @internal */
export interface ExitHandler {
  /** Where there is time. */
  release(): Promise<void>;
  /** Where there is none. @returns what is still to be sent; undefined when there is nothing to give back */
  farewell(): Farewell | undefined;
}

/** What a seat needs of the surroundings it lives in: Node, Deno and Bun, or a browser; a test brings its own. @internal */
export interface Platform extends ClockSource {
  /** From 0 up to but not including 1. */
  random(): number;
  /**
   * Calls once after so many milliseconds, or later.
   * @param essential the program must not end meanwhile for want of anything else to do
   * @returns takes it back
   */
  setTimer(callback: () => void, milliseconds: number, essential: boolean): () => void;
  /**
   * The longest that a timer is relied on, in milliseconds. Timers stand still while a machine sleeps, so a long one is
   * cut into pieces, between which the clock is looked at.
   */
  readonly longestTimer: number;
  readonly fetch: Fetch;
  /** What tells this machine from others, and says nothing else about it. */
  hardwareId(application: string, storage: Storage): Promise<string>;
  /** Where licences are kept when the program names no place. */
  defaultStorage(application: string): Storage;
  /** What administrators see of this machine in the list of sessions. */
  readonly description: { readonly hostname?: string; readonly platform?: string };
  /** Replaces WebCrypto. */
  readonly checkSignature?: CheckSignature;
  /** Gives the seat back when the program ends. @returns takes it back */
  onExit(handler: ExitHandler): () => void;
  /** Calls when the machine has slept or is online again. @returns takes it back */
  onWake(callback: () => void): () => void;
}
