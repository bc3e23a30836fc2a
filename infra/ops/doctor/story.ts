/**
 * What an app sees of the deployment, told with an app of its own by the client that apps use: register, act by the
 * actor headers, repeat a call, share a file and fetch it, and have the background clean up. The app goes at the end.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client, rosterClient, TransportError } from '../../../client/roster.ts';
import { Database } from '../../../shared/data/database.ts';
import type { OperatorTable } from '../../../shared/data/operator-queries.ts';
import { changeApp, createApp, deleteApp, issueAdminToken } from '../../../shared/domain/app/apps.ts';
import { waitingJobs } from '../../../shared/domain/app/jobs.ts';
import { lost, missing, PATIENCE, reasonOf } from './api.ts';
import { type Finding, right, wrong } from './finding.ts';

export interface StoryOptions {
  /** Address of the API. */
  api: string;
  /** The origin of pages that upload. */
  origin: string;
  /** Milliseconds that the event of an upload, and jobs, may take. */
  wait: number;
}

/** Milliseconds between two looks, and after which an upload is sent again. */
const LOOK_EVERY = 500;
const SEND_AGAIN_AFTER = 30_000;

/** Checks `headers`, `upload` and `background`, as far as it gets; `calls` is what stopped it. */
export async function tellStory(table: OperatorTable, options: StoryOptions): Promise<Finding[]> {
  const db = () => new Database(table.client, table.name);
  const { app } = await createApp(db(), { name: 'doctor' });
  let latest = '';
  const findings: Finding[] = [];
  try {
    const client = rosterClient({
      endpoint: options.api,
      app,
      // An hour more than it can need: clocks may differ.
      token: await issueAdminToken(db(), app, { name: 'doctor', expiresAt: Date.now() + options.wait * 2 + 3_600_000 }),
      fetch: (url, request) => {
        latest = `${request?.method} ${new URL(String(url)).pathname}`;
        return fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE) });
      },
    });
    await chapters(client, options, (finding) => findings.push(finding));
    findings.push(await checkBackground(table, app, options.wait));
  } catch (error) {
    findings.push(error instanceof Stop ? error.finding : stoppedBy(error, latest));
  } finally {
    await changeApp(db(), app, () => ({ status: 'disabled' }));
    await deleteApp(table, app);
  }
  return findings;
}

/** A check failed so that those behind it cannot be made. */
class Stop extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.says);
    this.finding = finding;
  }
}

function stoppedBy(error: unknown, call: string): Finding {
  if (error instanceof ApiError)
    return wrong(
      'calls',
      `${call} was answered code ${error.code}, ${error.message}.`,
      'This call is right, so the deployment is not: look at the log of its function (docs/runbook.md#how-to-look).',
    );
  const said =
    error instanceof TransportError ? `was answered HTTP ${error.status}` : `was not answered: ${reasonOf(error)}`;
  return wrong('calls', `${call} ${said}.`, 'The log of its function says why: docs/runbook.md#faults.');
}

type Say = (finding: Finding) => void;

async function chapters(app: Client, options: StoryOptions, say: Say) {
  const [username, password] = [`doctor_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('base64url')];
  const { user_id } = await app.user.registerV2({ username, password });
  const person = app.with({ user: user_id });
  try {
    const { group_id, headers } = await makeGroup(app, person);
    say(headers);
    say(await checkUpload(person, group_id, options));
    await person.group.destroy({ group_id });
  } catch (error) {
    // With its owner a group goes too.
    await person.user.delete().catch(() => {});
    throw error;
  }
  await person.user.delete();
}

/** What a call answers that cannot do without a header. @throws Stop where that did not arrive */
async function neededHeader<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError && error.is('badParameter') && error.message.includes(name))
      throw new Stop(lost(name));
    throw error;
  }
}

/** Makes a group, by calls that need each of the headers. */
async function makeGroup(app: Client, person: Client): Promise<{ group_id: number; headers: Finding }> {
  const key = { idempotencyKey: randomUUID() };
  const make = () => person.group.create({ name: 'Doctor' }, key);
  const { group_id } = await neededHeader('user_id', make);
  // The header alone names the group.
  const named = {} as { group_id: number };
  await neededHeader('group_id', () => app.with({ group: group_id }).group.info(named));
  const again = await make();
  const all = right('headers', 'app_id, access-token, user_id, group_id and idempotency-key arrive.');
  return { group_id, headers: again.group_id === group_id ? all : lost('idempotency-key') };
}

const CONTENT = 'Roster doctor';
const FILE = { name: 'doctor.txt', size: CONTENT.length, type: 'text/plain' };

/** A file's way: reserved, sent to S3, published by its event, listed, fetched, deleted. */
async function checkUpload(person: Client, group_id: number, { origin, wait }: StoryOptions): Promise<Finding> {
  const started = Date.now();
  const { file_id, url } = await person.group.fileUpload({ group_id, ...FILE });
  const bucket = new URL(url).host;
  for (let sent = -1; ; await sleep(LOOK_EVERY)) {
    const { data: files } = await person.group.fileList({ group_id });
    if (files.some((file) => file.file_id === file_id)) break;
    const passed = Date.now() - started;
    // A bucket that did not send events yet never sends those of before; the address may be used again.
    if (sent < 0 || passed - sent >= SEND_AGAIN_AFTER) {
      if (sent >= 0) process.stderr.write(`The upload is not in the list after ${inSeconds(passed)}: sent again.\n`);
      await send(url, bucket);
      sent = passed;
    } else if (passed >= wait) return unpublished(passed);
  }
  const took = inSeconds(Date.now() - started);
  const file = await person.group.file({ group_id, file_id });
  const fetched = await askBucket(file.url);
  if (fetched.status !== 200 || fetched.text !== CONTENT)
    return wrong('upload', `A file that is there cannot be fetched: ${said(fetched)}.`, signedBy('group-file'));
  await person.group.fileDelete({ group_id, file_list: [file_id] });
  const preflight = await askBucket(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' },
  });
  const missed = missing(preflight.headers, origin, ['PUT'], ['content-type']);
  if (missed)
    return wrong(
      'upload',
      `A page of ${origin} may not upload: ${bucket} answers its preflight ${missed}.`,
      'Where corsOrigins names origins, give one of them: --origin https://app.example.com.',
    );
  return right('upload', `A file was sent to ${bucket}, stood in the list after ${took}, was fetched and deleted.`);
}

async function send(url: string, bucket: string): Promise<void> {
  const answer = await askBucket(url, { method: 'PUT', body: CONTENT, headers: { 'content-type': FILE.type } });
  if (answer.status !== 200)
    throw new Stop(wrong('upload', `${bucket} refuses an upload: ${said(answer)}.`, signedBy('group-file-upload')));
}

const signedBy = (name: string) =>
  `The address was signed by the function ${name}: look at its role, and at what else may forbid it (the policy of the bucket, of your organization). SignatureDoesNotMatch: something on the way changes the address or the request.`;

function unpublished(passed: number): Finding {
  const remedy =
    'A new bucket sends events only after about five minutes: run the doctor again then. Later look at the rule of EventBridge, at the log of background-publish-file and at its queue (docs/runbook.md#dead-letters).';
  return wrong(
    'upload',
    `An upload is in the bucket, but not in the list of files after ${inSeconds(passed)}.`,
    remedy,
  );
}

const inSeconds = (ms: number) => `${Math.round(ms / 1000)} s`;

interface BucketAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** @throws Stop where S3 does not answer */
async function askBucket(url: string, request: RequestInit = {}): Promise<BucketAnswer> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const says = `The bucket's address, ${new URL(url).host}, does not answer: ${reasonOf(error)}.`;
    throw new Stop(wrong('upload', says, 'This machine must reach S3, as clients must: look at its network.'));
  }
}

/** An answer of S3 with its word for what is wrong. */
const said = ({ status, text }: BucketAnswer) =>
  [`HTTP ${status}`, /<Code>(\w+)<\/Code>/.exec(text)?.[1]].filter(Boolean).join(' ');

/** Waits until the jobs that the end of group and user left are done: the table's stream reaches the background. */
export async function checkBackground(table: OperatorTable, app: string, wait: number): Promise<Finding> {
  const started = Date.now();
  let left: number;
  do {
    // Before the first look too: the index of jobs lags.
    await sleep(1000);
    left = (await waitingJobs(table)).filter((job) => job.app === app).length;
  } while (left > 0 && Date.now() - started < wait);
  const passed = inSeconds(Date.now() - started);
  return left === 0
    ? right('background', `The jobs behind the end of a group and a user were done within ${passed}.`)
    : wrong(
        'background',
        `Of the jobs behind the end of a group and a user ${left} are not done after ${passed}.`,
        'Look at npm run ops -- jobs list, and at docs/runbook.md#stream-age.',
      );
}
