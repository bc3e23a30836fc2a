import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { type App, limitsOf } from '../../shared/data/app-repo.ts';
import { type Counted, countersOf, totalOf } from '../../shared/data/counter-repo.ts';
import { Database } from '../../shared/data/database.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { allApps, appNamed, changeApp, createApp, deleteApp } from '../../shared/domain/app/apps.ts';
import { boundsOf, type LimitChanges, setLimits, withChanges } from '../../shared/domain/app/limits.ts';
import { recount } from '../../shared/domain/app/recount.ts';
import { LIMITS, type LimitName } from '../../shared/limits.ts';
import { type Answer, type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId, displayName, limitChange } from './arguments.ts';

/** Running functions hold an app's record for that long. */
const HELD = 'Running functions may hold the old record for up to 30 seconds.';

/** `apps …`: tenants, their registration and their limits. */
export function addAppCommands(program: Command, answering: Answering) {
  const apps = program.command('apps').description('tenants: make, list, disable, delete; registration and limits');

  apps
    .command('create')
    .description('make an app')
    .option('--id <id>', 'its id (default: a random one)', appId)
    .option('--name <name>', 'a name for people', displayName)
    .option('--limit <name=value...>', 'limits that differ from the defaults', limitChange)
    .action(
      answering<[], { id?: string; name?: string; limit?: LimitChanges }>(
        async (table, _, { id, name, limit = {} }) => {
          const given = { limits: withChanges({}, limit), ...(id && { app: id }), ...(name && { name }) };
          const app = await createApp(open(table), given);
          const text = `App ${app.app} was made. It needs an admin token next: npm run ops -- tokens issue ${app.app}`;
          return { json: appJson(app), text };
        },
      ),
    );

  apps
    .command('list')
    .description('all apps')
    .action(
      answering<[], object>(async (table) => {
        const all = await allApps(table);
        const rows = all.map((app) => [
          app.app,
          app.name || '-',
          app.status,
          app.registration,
          shownTime(app.createdAt),
        ]);
        const text = all.length > 0 ? aligned(rows, ['id', 'name', 'status', 'registration', 'made']) : 'No apps yet.';
        return { json: { apps: all.map(appJson) }, text };
      }),
    );

  apps
    .command('show')
    .description('one app with what differs from the defaults')
    .argument('<app>', 'id of the app', appId)
    .action(
      answering<[string], object>(async (table, [id]) => {
        const db = open(table);
        const app = await appNamed(db, id);
        const counted = countedOf(app);
        const shards = counted.length > 0 ? await db.read(countersOf(id)) : [];
        const totals = Object.fromEntries(counted.map((name) => [name, totalOf(shards, name)]));
        const rows = [
          ['id', app.app],
          ['name', app.name || '-'],
          ['status', app.status],
          ['registration', app.registration],
          ['made', shownTime(app.createdAt)],
          ...counted.map((name) => [name, `${totals[name]} of ${limitsOf(app)[name]}`]),
          [
            'limits',
            setNames(app)
              .map((name) => `${name}=${limitsOf(app)[name]}`)
              .join(' ') || 'all defaults',
          ],
        ];
        return { json: { ...appJson(app), ...totals }, text: aligned(rows) };
      }),
    );

  for (const [verb, status, meaning] of [
    ['disable', 'disabled', 'every call of the app is answered 40003 (app disabled)'],
    ['enable', 'active', 'the app is served again'],
  ] as const)
    apps
      .command(verb)
      .description(meaning)
      .argument('<app>', 'id of the app', appId)
      .action(
        answering<[string], object>(async (table, [id]) => {
          const app = await changeApp(open(table), id, () => ({ status }));
          return { json: appJson(app), text: `App ${id} is ${status} now: ${meaning}. ${HELD}` };
        }),
      );

  apps
    .command('delete')
    .description('delete a disabled app for good')
    .argument('<app>', 'id of the app', appId)
    .option('--yes', 'do not ask')
    .action(
      answering<[string], { yes?: true; json?: true }>(async (table, [id], { yes, json }) => {
        await appNamed(open(table), id);
        if (!yes && json) throw new Error('--yes: needed with --json, which asks nothing');
        if (!yes) await confirm(id);
        const tokens = await deleteApp(table, id);
        const text = `App ${id} and its admin tokens (${tokens}) are deleted; the id answers 40000 and is never used again.
Its users, groups and files stay in the table and the bucket, out of reach of every call.`;
        return { json: { app_id: id, deleted: true, tokens_deleted: tokens }, text };
      }),
    );

  apps
    .command('registration')
    .description('let new users register, or not (40001)')
    .argument('<app>', 'id of the app', appId)
    .addArgument(program.createArgument('<state>', 'open or closed').choices(['open', 'closed']))
    .action(
      answering<[string, 'open' | 'closed'], object>(async (table, [id, registration]) => {
        const app = await changeApp(open(table), id, () => ({ registration }));
        return { json: appJson(app), text: `Registration in app ${id} is ${registration} now. ${HELD}` };
      }),
    );

  apps
    .command('limits')
    .description('show the limits of an app, or set some: users=5000 files=default …')
    .argument('<app>', 'id of the app', appId)
    .argument('[name=value...]', 'limits to set; "default" takes a setting back', limitChange)
    .action(
      answering<[string, LimitChanges | undefined], object>(async (table, [id, changes]) => {
        if (!changes) return limitsAnswer(await appNamed(open(table), id));
        const { app, counted } = await setLimits(table, id, changes);
        const { json, text } = limitsAnswer(app);
        const totals = Object.entries(counted).map(([name, total]) => `Counted ${total} ${name}.`);
        const again = `What they let in until then is not counted: run apps recount ${id} after that.`;
        return {
          json: { ...json, ...counted },
          text: [text, '', [...totals, HELD, ...(totals.length > 0 ? [again] : [])].join(' ')].join('\n'),
        };
      }),
    );

  apps
    .command('recount')
    .description('count again what the limits of users and groups are checked against')
    .argument('<app>', 'id of the app', appId)
    .action(
      answering<[string], object>(async (table, [id]) => {
        const counted = countedOf(await appNamed(open(table), id));
        const totals = await recount(table, id, counted);
        const parts = counted.map((name) => `${totals[name]} ${name}`);
        const text =
          parts.length > 0
            ? `App ${id} has ${parts.join(' and ')}.`
            : `App ${id} has no limit of users or groups, so nothing is counted.`;
        return { json: { app_id: id, ...totals }, text };
      }),
    );
}

const open = (table: OperatorTable) => new Database(table.client, table.name);

const setNames = (app: App) => Object.keys(app.limits) as LimitName[];

/** What is counted of the app: where a limit is set. */
const countedOf = (app: App): Counted[] => (['users', 'groups'] as const).filter((name) => limitsOf(app)[name] > 0);

const appJson = (app: App) => ({
  app_id: app.app,
  name: app.name,
  status: app.status,
  registration: app.registration,
  created_at: isoTime(app.createdAt),
  limits: limitsOf(app),
  limits_set: setNames(app),
});

function limitsAnswer(app: App): Answer {
  const limits = limitsOf(app);
  const rows = (Object.keys(LIMITS) as LimitName[]).map((name) => {
    const { least, most } = boundsOf(name);
    const unlimited = (name === 'users' || name === 'groups') && limits[name] === 0;
    const value = unlimited ? '0 (no limit)' : String(limits[name]);
    return [name, value, name in app.limits ? 'set' : 'default', `${least} to ${most}`];
  });
  const json = { app_id: app.app, limits, limits_set: setNames(app) };
  return { json, text: aligned(rows, ['limit', 'value', 'from', 'allowed']) };
}

/** @throws Error where the operator does not type the id */
async function confirm(id: string) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await new Promise<string>((resolve) => {
    terminal.question(`Delete app ${id} for good? Type its id: `, resolve);
    terminal.once('close', () => resolve(''));
  });
  terminal.close();
  if (typed.trim() !== id) throw new Error('not confirmed, nothing was deleted');
}
