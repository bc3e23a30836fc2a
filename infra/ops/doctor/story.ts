/**
 * Uses the deployment as an app does, with a temporary app and the TypeScript client: registers a user, acts by the
 * actor headers, repeats a call, shares and fetches a file, reads its events, and waits for the background jobs. Deletes
 * the app at the end.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Client, rosterClient, TransportError } from '../../../client/roster.ts';
import { type OperatorTable, viewOf } from '../../../shared/data/operator-queries.ts';
import { changeApp, createApp, deleteApp, issueAdminToken } from '../../../shared/domain/app/apps.ts';
import { waitingJobs } from '../../../shared/domain/app/jobs.ts';
import { lost, missing, PATIENCE, reasonOf } from './api.ts';
import { type Finding, right, wrong } from './finding.ts';

export interface StoryOptions {
  /** Address of the API. */
  api: string;
  /** The origin of pages that upload. */
  origin: string;
  /** How long to wait for the event of an upload and for jobs, in milliseconds. */
  wait: number;
}

/** Milliseconds between two checks, and until an upload is sent again. */
const LOOK_EVERY = 500;
const SEND_AGAIN_AFTER = 30_000;

/** Checks `headers`, `upload`, `events` and `background`. A finding `calls` names the call that stopped the checks. */
export async function tellStory(table: OperatorTable, options: StoryOptions): Promise<Finding[]> {
  const db = () => viewOf(table);
  const { app } = await createApp(db(), { name: 'doctor' });
  let latest = '';
  const findings: Finding[] = [];
  try {
    const client = rosterClient({
      endpoint: options.api,
      app,
      // An hour longer than needed, because clocks may differ.
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

/** A failed check that prevents the following checks. */
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
      'The call is correct, so the deployment is not. Check the log of its function (docs/runbook.md#how-to-look).',
    );
  const said =
    error instanceof TransportError ? `was answered HTTP ${error.status}` : `was not answered: ${reasonOf(error)}`;
  return wrong('calls', `${call} ${said}.`, 'Check the log of its function: docs/runbook.md#faults.');
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
    say(await checkEvents(app, group_id, options.wait));
    await person.group.destroy({ group_id });
  } catch (error) {
    // The deletion of its owner dissolves the group.
    await person.user.delete().catch(() => {});
    throw error;
  }
  await person.user.delete();
}

/** Makes a call that requires a header. @throws Stop if the header did not arrive */
async function neededHeader<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError && error.is('badParameter') && error.message.includes(name))
      throw new Stop(lost(name));
    throw error;
  }
}

/** Creates a group by calls that together require every header. */
async function makeGroup(app: Client, person: Client): Promise<{ group_id: number; headers: Finding }> {
  const key = { idempotencyKey: randomUUID() };
  const make = () => person.group.create({ name: 'Doctor' }, key);
  const { group_id } = await neededHeader('user_id', make);
  // Only the header names the group.
  const named = {} as { group_id: number };
  await neededHeader('group_id', () => app.with({ group: group_id }).group.info(named));
  const again = await make();
  const all = right('headers', 'app_id, access-token, user_id, group_id and idempotency-key arrive.');
  return { group_id, headers: again.group_id === group_id ? all : lost('idempotency-key') };
}

const CONTENT = 'Roster doctor';
const FILE = { name: 'doctor.txt', size: CONTENT.length, type: 'text/plain' };

/** Reserves a file, sends it to S3, waits until its event publishes it, then lists, fetches and deletes it. */
async function checkUpload(person: Client, group_id: number, { origin, wait }: StoryOptions): Promise<Finding> {
  const started = Date.now();
  const { file_id, url } = await person.group.fileUpload({ group_id, ...FILE });
  const bucket = new URL(url).host;
  for (let sent = -1; ; await sleep(LOOK_EVERY)) {
    const { data: files } = await person.group.fileList({ group_id });
    if (files.some((file) => file.file_id === file_id)) break;
    const passed = Date.now() - started;
    // A new bucket never sends the events of its first minutes, so send again. The address can be reused.
    if (sent < 0 || passed - sent >= SEND_AGAIN_AFTER) {
      if (sent >= 0)
        process.stderr.write(`The upload is not in the list after ${inSeconds(passed)}. Sending it again.\n`);
      await send(url, bucket);
      sent = passed;
    } else if (passed >= wait) return unpublished(passed);
  }
  const took = inSeconds(Date.now() - started);
  const file = await person.group.file({ group_id, file_id });
  const fetched = await askBucket(file.url);
  if (fetched.status !== 200 || fetched.text !== CONTENT)
    return wrong('upload', `A published file cannot be fetched: ${said(fetched)}.`, signedBy('group/file'));
  await person.group.fileDelete({ group_id, file_list: [file_id] });
  const preflight = await askBucket(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' },
  });
  const missed = missing(preflight.headers, origin, ['PUT'], ['content-type']);
  if (missed)
    return wrong(
      'upload',
      `A page of ${origin} may not upload: ${bucket} answered its preflight ${missed}.`,
      'If corsOrigins lists origins, give one of them: --origin https://app.example.com.',
    );
  return right(
    'upload',
    `A file was sent to ${bucket}, appeared in the list after ${took}, and was fetched and deleted.`,
  );
}

async function send(url: string, bucket: string): Promise<void> {
  const answer = await askBucket(url, { method: 'PUT', body: CONTENT, headers: { 'content-type': FILE.type } });
  if (answer.status !== 200)
    throw new Stop(wrong('upload', `${bucket} refuses an upload: ${said(answer)}.`, signedBy('group/file/upload')));
}

const signedBy = (operation: string) =>
  `The operation ${operation} signed the address: check the role of its function, the bucket policy and the policies of your organization. SignatureDoesNotMatch means that a proxy changes the address or the request.`;

function unpublished(passed: number): Finding {
  const remedy =
    'A new bucket sends its first events after about five minutes: run the doctor again then. Later, check the EventBridge rule, the log of background-publish-file and its dead-letter queue (docs/runbook.md#dead-letters).';
  return wrong(
    'upload',
    `An upload is in the bucket, but not in the list of files after ${inSeconds(passed)}.`,
    remedy,
  );
}

/** Waits until the feed tells that the group was created, which proves that the relay works. */
export async function checkEvents(app: Client, group_id: number, wait: number): Promise<Finding> {
  const started = Date.now();
  try {
    do {
      const { data } = await app.event.list({ group_id, types: 'group.created', wait: LONGEST_WAIT });
      if (data.length > 0)
        return right('events', 'The feed of events tells that the group was created, and by which call.');
    } while (Date.now() - started < wait);
  } catch (error) {
    if (error instanceof ApiError && error.is('eventsGone'))
      return right('events', 'This stage has no events (-c events=false).');
    throw error;
  }
  return wrong(
    'events',
    `The creation of a group is not in the feed of events after ${inSeconds(Date.now() - started)}.`,
    'Check the log and the dead-letter queue of background-relay, and the age of its records (docs/runbook.md#stream-age).',
  );
}

/** Seconds that a call of the feed may wait. */
const LONGEST_WAIT = 10;

const inSeconds = (ms: number) => `${Math.round(ms / 1000)} s`;

interface BucketAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** @throws Stop if S3 does not answer */
async function askBucket(url: string, request: RequestInit = {}): Promise<BucketAnswer> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const says = `The bucket's address, ${new URL(url).host}, does not answer: ${reasonOf(error)}.`;
    throw new Stop(wrong('upload', says, 'This machine must be able to reach S3, as clients must: check its network.'));
  }
}

/** The status of an S3 answer with the S3 error code. */
const said = ({ status, text }: BucketAnswer) =>
  [`HTTP ${status}`, /<Code>(\w+)<\/Code>/.exec(text)?.[1]].filter(Boolean).join(' ');

/** Waits until the jobs of the dissolved group and the deleted user are done, which proves that the stream works. */
export async function checkBackground(table: OperatorTable, app: string, wait: number): Promise<Finding> {
  const started = Date.now();
  let left: number;
  do {
    // Also before the first check, because the index of jobs is eventually consistent.
    await sleep(1000);
    left = (await waitingJobs(table)).filter((job) => job.app === app).length;
  } while (left > 0 && Date.now() - started < wait);
  const passed = inSeconds(Date.now() - started);
  return left === 0
    ? right('background', `The jobs of a dissolved group and a deleted user finished within ${passed}.`)
    : wrong(
        'background',
        `Jobs of a dissolved group and a deleted user are not finished after ${passed}: ${left}.`,
        'Run npm run ops -- jobs list, and see docs/runbook.md#stream-age.',
      );
}
