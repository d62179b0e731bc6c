/** One exchange that works: what is sent, and what comes back. A test sends every one and compares. */
export interface Example {
  readonly summary: string;
  /** Values of the path's parameters. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly status: number;
  /** Absent where there is no body, or none that a reader learns from. */
  readonly answer?: unknown;
}

/** The exchanges of one operation, by name, in the order in which they can be sent. */
export type Exchanges = Readonly<Record<string, Example>>;

/** A member of an answer that another operation takes: what to do next with it. */
export interface Next {
  readonly operationId: string;
  /** Members of the body or parameters of the next request, each by a member of this answer. */
  readonly body?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
}
