/** The stack's log: files hold what functions print as it is, the console shows one short line per call. */
import { createWriteStream, openSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { AccessLogEntry } from './api-gateway.ts';
import type { Application } from './application.ts';
import type { Outcome } from './function-pool.ts';
import { useFolder } from './start-up.ts';
import type { Json } from './template.ts';

export interface StackLog {
  /** A line that a function printed. */
  functionLine(functionName: string, line: string): void;
  /** A request that the gateway answered. */
  access(entry: AccessLogEntry): void;
  /** An invocation by an event source. */
  event(source: string, functionName: string, outcome: Outcome): void;
  /** AWS's sentence about a call that the role of a function does not allow. */
  refusal(sentence: string): void;
  /** An event whose function failed in all attempts. */
  deadLetter(source: string, functionName: string, event: Json, outcome: Outcome): void;
  close(): Promise<void>;
}

/**
 * Opens `functions.log` (one JSON object per line) and `dlq.ndjson` in `folder`.
 * @param show receives the lines of the console
 */
export function openLog(
  folder: string,
  { errorCode, consoleLine }: Pick<Application<object>, 'errorCode' | 'consoleLine'>,
  show: (line: string) => void,
): StackLog {
  useFolder(folder);
  // Opened now, so that an error of a file shows at the start.
  const writeTo = (name: string, flags: string) => createWriteStream('', { fd: openSync(join(folder, name), flags) });
  const functions = writeTo('functions.log', 'w');
  const dead = writeTo('dlq.ndjson', 'a');
  const time = () => styleText('dim', new Date().toTimeString().slice(0, 8));
  const line = (status: string, code: string, duration: number, what: string, why = '') =>
    show(
      `${time()} ${status.padEnd(5)} ${code.padStart(5)} ${`${duration} ms`.padStart(8)}  ${what}${why && `  ${why}`}`,
    );

  return {
    functionLine(functionName, text) {
      const structured = parse(text);
      functions.write(`${structured ? text : JSON.stringify({ function: functionName, message: text })}\n`);
      const shown = structured ? consoleLine?.(structured) : text;
      if (shown !== undefined) show(`${time()}   ${functionName}: ${shown}`);
    },
    access({ method, path, status, duration, outcome, response }) {
      const code = errorCode?.(response);
      const style = status >= 500 ? 'red' : status >= 400 || code ? 'yellow' : 'reset';
      const cold = outcome?.coldStart ? styleText('dim', '(cold)') : '';
      const what = `${method} ${path}`;
      line(styleText(style, String(status)), code ?? '', duration, what, reasonOf(outcome) || cold);
    },
    event(source, functionName, outcome) {
      const status = outcome.ok ? 'event' : styleText('red', 'event');
      line(status, '', outcome.duration, `${source} → ${functionName}`, reasonOf(outcome));
    },
    refusal(sentence) {
      show(`${time()} ${styleText('red', sentence)}`);
    },
    deadLetter(source, functionName, event, outcome) {
      dead.write(
        `${JSON.stringify({ time: new Date().toISOString(), source, function: functionName, outcome, event })}\n`,
      );
      const text = `${source} → ${functionName} failed in all attempts, the event is in ${join(folder, 'dlq.ndjson')}`;
      show(`${time()} ${styleText('red', text)}  ${reasonOf(outcome)}`);
    },
    async close() {
      await Promise.all([functions, dead].map((file) => new Promise((resolve) => file.end(() => resolve(undefined)))));
    },
  };
}

/** The first line of the error of an invocation, empty for a success. */
function reasonOf(outcome: Outcome | undefined): string {
  return outcome && !outcome.ok ? `${outcome.errorType}: ${outcome.errorMessage}`.split('\n', 1)[0]! : '';
}

function parse(text: string): Json {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
