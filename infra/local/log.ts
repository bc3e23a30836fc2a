/** What functions print goes to a file as it is; the operator at the console sees one short line a call. */
import { createWriteStream, openSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { AccessLogEntry } from './api-gateway.ts';
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
  /** A call of a function that its role does not allow, in AWS's words. */
  refusal(sentence: string): void;
  /** An event that a function did not take, however often it was tried. */
  deadLetter(source: string, functionName: string, event: Json, outcome: Outcome): void;
  close(): Promise<void>;
}

/**
 * Opens `functions.log` (structured lines, one JSON object each) and, when needed, `dlq.ndjson` in `folder`.
 * `show` gets the console's lines.
 */
export function openLog(folder: string, show: (line: string) => void): StackLog {
  useFolder(folder);
  // Opened at once: what is wrong with a file shows here, and not when the process is at work.
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
      // A call has its line already; what else a function says unasked, or calls an error, is for the operator.
      const level = String(structured?.level ?? '').toLowerCase();
      if (!structured) show(`${time()}   ${functionName}: ${text}`);
      else if (level === 'error' || level === 'fatal') show(`${time()}   ${functionName}: ${describe(structured)}`);
    },
    access({ method, path, status, duration, outcome, response }) {
      const code = /^\{"code":(\d+)/.exec(response.subarray(0, 32).toString())?.[1] ?? '';
      const style = status >= 500 ? 'red' : status >= 400 || (code && code !== '200') ? 'yellow' : 'reset';
      const cold = outcome?.coldStart ? styleText('dim', '(cold)') : '';
      line(
        styleText(style, String(status)),
        code === '200' ? '' : code,
        duration,
        `${method} ${path}`,
        why(outcome) || cold,
      );
    },
    event(source, functionName, outcome) {
      const status = outcome.ok ? 'event' : styleText('red', 'event');
      line(status, '', outcome.duration, `${source} → ${functionName}`, why(outcome));
    },
    refusal(sentence) {
      show(`${time()} ${styleText('red', sentence)}`);
    },
    deadLetter(source, functionName, event, outcome) {
      dead.write(
        `${JSON.stringify({ time: new Date().toISOString(), source, function: functionName, outcome, event })}\n`,
      );
      const text = `${source} → ${functionName} failed for good and was put aside in ${join(folder, 'dlq.ndjson')}`;
      show(`${time()} ${styleText('red', text)}  ${why(outcome)}`);
    },
    async close() {
      await Promise.all([functions, dead].map((file) => new Promise((resolve) => file.end(() => resolve(undefined)))));
    },
  };
}

function why(outcome: Outcome | undefined): string {
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

/** The error of a structured line in one line, or all of it. */
function describe(structured: Json): string {
  const { error = {}, message } = structured;
  const text = [error.name, error.message ?? message].filter(Boolean).join(': ');
  const place =
    String(error.stack ?? '')
      .split('\n')
      .find((frame) => frame.trim().startsWith('at '))
      ?.trim() ?? '';
  return text ? `${text} ${place}`.trim() : JSON.stringify(structured);
}
