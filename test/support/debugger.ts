/** A debugger as an editor has one: it speaks the inspector protocol, and finds places by source maps. */
import { globSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

// biome-ignore lint/suspicious/noExplicitAny: messages of the protocol
type Message = any;

export interface Stop {
  /** Source file and line, counted from 1. */
  place: string;
  /** Value of an expression there, as JSON. */
  evaluate(expression: string): Promise<unknown>;
  resume(): Promise<unknown>;
}

/**
 * Attaches to a process, and to each thread that it starts, before the thread runs.
 * @param address of the inspector: `ws://…`
 * @param folder of the bundles with their maps
 * @param file TypeScript source with the breakpoint
 * @param line counted from 1; a statement begins there
 * @returns the first stop
 */
export async function stopAt(
  address: string,
  folder: string,
  file: string,
  line: number,
): Promise<{ stopped: Promise<Stop>; close(): void }> {
  const breakpoints = placesOf(folder, file, line);
  const socket = new WebSocket(address);
  await new Promise((ready, fail) => {
    socket.addEventListener('open', ready);
    socket.addEventListener('error', () => fail(new Error(`nothing listens on ${address}`)));
  });
  let last = 0;
  const waiting = new Map<number, (result: Message) => void>();
  /** To the process itself, or to a thread by its session. */
  const post = (method: string, params: object = {}, sessionId?: string): Promise<Message> => {
    const own = { id: ++last, method, params };
    const wrapped = { sessionId, message: JSON.stringify(own) };
    const sent = sessionId ? { id: -last, method: 'NodeWorker.sendMessageToWorker', params: wrapped } : own;
    socket.send(JSON.stringify(sent));
    return new Promise((settle) => waiting.set(own.id, settle));
  };
  const { promise: stopped, resolve: stop } = Promise.withResolvers<Stop>();
  const take = (message: Message, sessionId?: string): unknown => {
    const { id, result, method, params } = message;
    if (id !== undefined) return waiting.get(id)?.(result);
    if (method === 'NodeWorker.receivedMessageFromWorker') return take(JSON.parse(params.message), params.sessionId);
    if (method === 'NodeWorker.attachedToWorker') {
      post('Debugger.enable', {}, params.sessionId);
      for (const { url, lineNumber, columnNumber } of breakpoints)
        post('Debugger.setBreakpointByUrl', { url, lineNumber, columnNumber }, params.sessionId);
      return post('Runtime.runIfWaitingForDebugger', {}, params.sessionId);
    }
    if (method !== 'Debugger.paused') return undefined;
    const [frame] = params.callFrames;
    const met = breakpoints.find(({ url }) => params.hitBreakpoints?.some((hit: string) => hit.endsWith(url)));
    // A new thread stops at its first line, too.
    if (!met) return post('Debugger.resume', {}, sessionId);
    return stop({
      place: met.placeOf(frame.location),
      async evaluate(expression) {
        const given = { callFrameId: frame.callFrameId, expression, returnByValue: true };
        return (await post('Debugger.evaluateOnCallFrame', given, sessionId)).result.value;
      },
      resume: () => post('Debugger.resume', {}, sessionId),
    });
  };
  socket.addEventListener('message', ({ data }) => take(JSON.parse(data)));
  await post('NodeWorker.enable', { waitForDebuggerOnStart: true });
  return { stopped, close: () => socket.close() };
}

/** Where the code of a line of a source begins, in each bundle that holds it. */
function placesOf(folder: string, file: string, line: number) {
  return globSync('**/index.mjs.map', { cwd: folder }).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    if (!text.includes(file)) return [];
    const map = new SourceMap(JSON.parse(text));
    const lines = map.payload.mappings.split(';').length;
    for (let lineNumber = 0; lineNumber < lines; lineNumber++)
      for (const columnNumber of [0, 2, 4, 6, 8]) {
        const { originalSource, originalLine } = map.findEntry(lineNumber, columnNumber) as Message;
        if (originalSource?.endsWith(file) && originalLine === line - 1) {
          const url = pathToFileURL(join(folder, name.replace(/\.map$/, ''))).href;
          const placeOf = (location: { lineNumber: number; columnNumber: number }) => {
            const entry: Message = map.findEntry(location.lineNumber, location.columnNumber);
            return `${basename(entry.originalSource)}:${entry.originalLine + 1}`;
          };
          return [{ url, lineNumber, columnNumber, placeOf }];
        }
      }
    return [];
  });
}
