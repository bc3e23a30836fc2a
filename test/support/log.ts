import { expect } from 'vitest';
import { faultsOf, type MetricLine } from './embedded-metrics.ts';

/** The log line of a call or of a run of a job (shared/http/log.ts). */
export interface CallLog extends MetricLine {
  level: 'info' | 'error';
  operation?: string;
  actor?: string;
  status: number;
  code: string;
  trips: number;
  requests: number;
  read_units: number;
  write_units: number;
  request_id: string;
  error?: { name: string; message: string; stack: string };
}

const lines = new Map<string, CallLog[]>();
const write = process.stdout.write.bind(process.stdout);

/** Keeps the log lines of calls in process. Other output is printed as usual. */
process.stdout.write = ((...given: Parameters<typeof write>) => {
  const [line] = given;
  if (typeof line !== 'string' || !line.startsWith('{') || !line.includes('"request_id"')) return write(...given);
  const log = JSON.parse(line) as CallLog;
  lines.set(log.request_id, [...(lines.get(log.request_id) ?? []), log]);
  return true;
}) as typeof write;

/** The lines of a request. Fails where CloudWatch would not take the metrics of one. */
export function takeLogs(requestId: string): CallLog[] {
  const written = lines.get(requestId) ?? [];
  lines.delete(requestId);
  expect(written.flatMap(faultsOf)).toEqual([]);
  return written;
}

/** The one line of a call. */
export function takeLog(requestId: string): CallLog {
  const written = takeLogs(requestId);
  expect(written, 'a call writes one line').toHaveLength(1);
  return written[0]!;
}
