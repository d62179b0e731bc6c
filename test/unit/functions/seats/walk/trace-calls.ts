import { type Debugger, type Profiler, Session } from 'node:inspector/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** A call of a function, with the file that it was called from; none when the event loop called it. */
export interface Call {
  readonly file: string;
  readonly name: string;
  readonly from: string | undefined;
}

export interface TraceOptions {
  /** The functions of the traced files, as V8's precise coverage lists them. */
  readonly functions: readonly { readonly url: string; readonly ranges: readonly Profiler.CoverageRange[] }[];
}

/**
 * Worker that stops the main thread at the start of every traced function and notes who called it. Says `ready` when
 * the breakpoints are set, and answers any message with the calls so far.
 */
const { functions }: TraceOptions = workerData;
const calls: Call[] = [];
// Before anything is awaited: it also keeps the worker running.
parentPort?.on('message', () => parentPort?.postMessage(calls));
const session = new Session();
session.connectToMainThread();
const scriptIds = new Map<string, string>();
const urls = new Map<string, string>();
session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
  scriptIds.set(url, scriptId);
  urls.set(scriptId, url);
});
await session.post('Debugger.enable');

for (const { url, ranges } of functions) {
  const scriptId = scriptIds.get(url);
  const [range] = ranges;
  if (scriptId === undefined || range === undefined) throw new Error(`no script ${url}`);
  const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
  const { locations } = await session.post('Debugger.getPossibleBreakpoints', {
    start: locate(scriptId, scriptSource, range.startOffset),
    end: locate(scriptId, scriptSource, range.endOffset),
    restrictToFunction: true,
  });
  const [first] = locations;
  if (first !== undefined) await session.post('Debugger.setBreakpoint', { location: first });
}

session.on('Debugger.paused', ({ params }) => {
  const [frame, caller] = params.callFrames;
  if (frame !== undefined)
    calls.push({ file: fileOf(frame), name: frame.functionName, from: caller && fileOf(caller) });
  void session.post('Debugger.resume');
});
parentPort?.postMessage('ready');

function locate(scriptId: string, source: string, offset: number): Debugger.Location {
  const lines = source.slice(0, offset).split('\n');
  return { scriptId, lineNumber: lines.length - 1, columnNumber: lines.at(-1)?.length ?? 0 };
}

function fileOf({ location }: Debugger.CallFrame): string {
  return urls.get(location.scriptId) ?? '';
}
