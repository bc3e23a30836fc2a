import { type Command, InvalidArgumentError } from 'commander';
import type { OperatorTable } from '../../../shared/data/operator-queries.ts';
import { appsWithMisses } from '../../../shared/domain/app/search.ts';
import { type Answer, type Answering, aligned } from '../answer.ts';
import { timeSpan } from '../arguments.ts';
import { type Place, runningStack } from '../table.ts';
import { checkCors, checkWay, reasonOf } from './api.ts';
import { type Finding, right, unknown, wrong } from './finding.ts';
import { checkIssuers } from './issuers.ts';
import { checkQuotas } from './quotas.ts';
import { tellStory } from './story.ts';

/** `doctor`: checks whether a deployment works end to end. */
export function addDoctorCommand(program: Command, answering: Answering) {
  program
    .command('doctor')
    .description('check a deployment: calls, headers, CORS, clock, an upload, issuers and quotas')
    .option('--api <url>', 'address of the API on AWS: output ApiUrl of the API stack', apiAddress)
    .option('--origin <origin>', 'an allowed origin, if corsOrigins lists some', 'https://app.example.com')
    .option(
      '--wait <span>',
      'how long to wait for events and jobs (a new bucket needs five minutes)',
      patience,
      6 * 60_000,
    )
    .action(
      answering<[], Place & { api?: string; origin: string; wait: number }>(
        async (table, _, { api, origin, wait, ...place }) => {
          const stack = runningStack(place);
          const address = api ?? stack?.api_endpoint;
          if (address === undefined)
            throw new Error('--api is required on AWS: it is the output ApiUrl of the stack Roster-<stage>-Api');
          const findings = await examine(table, { api: address, origin, wait, onAws: stack === undefined });
          return report(findings);
        },
      ),
    );
}

function apiAddress(text: string): string {
  const address = text.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#]+$/.test(address))
    throw new InvalidArgumentError('Give https:// and a host, without a path.');
  return address;
}

function patience(text: string): number {
  const span = timeSpan(text);
  if (span > 14 * 60_000)
    throw new InvalidArgumentError('At most 14m: the address of an upload is valid for 15 minutes.');
  return span;
}

interface Examined {
  api: string;
  origin: string;
  wait: number;
  /** Quotas exist only on AWS. */
  onAws: boolean;
}

async function examine(table: OperatorTable, { onAws, ...options }: Examined): Promise<Finding[]> {
  const { api, origin } = options;
  const quotas = onAws ? checkQuotas(table) : [];
  const { findings, reached } = await checkWay(api);
  const rest = reached
    ? [
        await checkCors(api, origin).catch((error) =>
          wrong('cors', `A preflight request was not answered: ${reasonOf(error)}.`, 'Run the doctor again.'),
        ),
        ...(await tellStory(table, options).catch((error) => [
          wrong(
            'calls',
            `The doctor could not create or delete its app: ${reasonOf(error)}.`,
            'The table of the stage must exist, and these credentials need the permissions in docs/operators.md#where-it-works.',
          ),
        ])),
        await checkIssuers(table),
        await checkSearch(table),
      ]
    : [unknown('upload', 'Not checked, because calls fail.', 'Fix the problem above first.')];
  return [...findings, ...rest, ...(await quotas)];
}

/** Whether searches find what an earlier release has written. */
async function checkSearch(table: OperatorTable): Promise<Finding> {
  try {
    const apps = await appsWithMisses(table);
    if (apps.length === 0) return right('search', 'Users and groups stand in the index that searches read.');
    return wrong(
      'search',
      `Searches miss users or groups of ${apps.length === 1 ? `the app ${apps[0]}` : `${apps.length} apps`}.`,
      'Run npm run ops -- migrate (docs/operators.md#migrating-items).',
    );
  } catch (error) {
    return unknown('search', `The table could not be read: ${reasonOf(error)}.`, 'Check the permissions.');
  }
}

const SHOWN = { right: 'ok', wrong: 'WRONG', unknown: '?' };

function report(findings: Finding[]): Answer {
  const failed = findings.filter(({ state }) => state === 'wrong').length;
  const rows = findings.flatMap(({ state, check, says, remedy }) => [
    [SHOWN[state], check, says],
    ...(remedy ? [['', '', `→ ${remedy}`]] : []),
  ]);
  const end = failed === 0 ? 'Nothing is wrong.' : `${failed === 1 ? '1 check' : `${failed} checks`} failed.`;
  return {
    json: { ok: failed === 0, checks: findings.map((finding) => ({ remedy: null, ...finding })) },
    text: `${aligned(rows)}\n\n${end}`,
    failed: failed > 0,
  };
}
