import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'vitest';
import type { Operation } from '../../shared/routes/index.ts';
import type { Envelope, Request } from './api.ts';

/** Name of the file to record to, one JSON a line; set by `npm run examples`. */
export const RECORD_TO = 'ROSTER_RECORD_TO';

/** A call and its answer as they are recorded. */
export interface Recorded {
  id: string;
  /** Test file. */
  test: string;
  request: Record<string, unknown>;
  answer: Envelope;
}

/** Records an answer as a possible example for the API's description. */
export function record(route: Operation, { query, body, base64, group }: Request, answer: Envelope): void {
  const file = process.env[RECORD_TO];
  // With a group_id header the parameter would be missing in the example.
  const unreadable = !route.multipart && (base64 || typeof body === 'string');
  if (file === undefined || unreadable || group !== undefined || answer.code === 20000) return;
  const test = basename(expect.getState().testPath ?? '');
  const request = { ...(route.multipart ? {} : (body as object | undefined)), ...query };
  const line = JSON.stringify({ id: route.id, test, request, answer } satisfies Recorded);
  if (line.length < 10_000) appendFileSync(file, `${line}\n`);
}
