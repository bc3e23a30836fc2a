import type { Command } from 'commander';
import { type App, limitsOf } from '../../shared/data/app-repo.ts';
import { type Counted, countersOf, totalOf } from '../../shared/data/counter-repo.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { allApps, appNamed, changeApp, createApp, deleteApp } from '../../shared/domain/app/apps.ts';
import { boundsOf, type LimitChanges, setLimits, withChanges } from '../../shared/domain/app/limits.ts';
import { recount } from '../../shared/domain/app/recount.ts';
import type { AppId } from '../../shared/ids.ts';
import { LIMITS, type LimitName } from '../../shared/limits.ts';
import { type Answer, type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId, displayName, limitChange } from './arguments.ts';
import { confirm } from './confirm.ts';
import { addAppErasure } from './erasure.ts';

/** How long running functions cache an app record. */
const CACHED = 'Running functions may cache the old record for up to 30 seconds.';

/** `apps …`: tenants, their registration and their limits. */
export function addAppCommands(program: Command, answering: Answering) {
  const apps = program.command('apps').description('manage apps (tenants), their registration and their limits');

  apps
    .command('create')
    .description('create an app')
    .option('--id <id>', 'id of the app (default: random)', appId)
    .option('--name <name>', 'display name', displayName)
    .option('--limit <name=value...>', 'limits that differ from the defaults', limitChange)
    .action(
      answering<[], { id?: AppId; name?: string; limit?: LimitChanges }>(async (table, _, { id, name, limit = {} }) => {
        const given = { limits: withChanges({}, limit), ...(id && { app: id }), ...(name && { name }) };
        const app = await createApp(viewOf(table), given);
        const text = `Created app ${app.app}. Next, issue an admin token: npm run ops -- tokens issue ${app.app}`;
        return { json: appJson(app), text };
      }),
    );

  apps
    .command('list')
    .description('list all apps')
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
        const text =
          all.length > 0 ? aligned(rows, ['id', 'name', 'status', 'registration', 'created']) : 'No apps yet.';
        return { json: { apps: all.map(appJson) }, text };
      }),
    );

  apps
    .command('show')
    .description('show an app and the limits that differ from the defaults')
    .argument('<app>', 'id of the app', appId)
    .action(
      answering<[AppId], object>(async (table, [id]) => {
        const db = viewOf(table);
        const app = await appNamed(db, id);
        const counted = countedOf(app);
        const shards = counted.length > 0 ? await db.read(countersOf(id)) : [];
        const totals = Object.fromEntries(counted.map((name) => [name, totalOf(shards, name)]));
        const rows = [
          ['id', app.app],
          ['name', app.name || '-'],
          ['status', app.status],
          ['registration', app.registration],
          ['created', shownTime(app.createdAt)],
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
    ['disable', 'disabled', 'every call of the app answers 40003 (app disabled)'],
    ['enable', 'active', 'the API serves the app again'],
  ] as const)
    apps
      .command(verb)
      .description(`${verb} an app: ${meaning}`)
      .argument('<app>', 'id of the app', appId)
      .action(
        answering<[AppId], object>(async (table, [id]) => {
          const app = await changeApp(viewOf(table), id, () => ({ status }));
          return { json: appJson(app), text: `App ${id} is now ${status}: ${meaning}. ${CACHED}` };
        }),
      );

  apps
    .command('delete')
    .description('delete a disabled app permanently')
    .argument('<app>', 'id of the app', appId)
    .option('--yes', 'do not ask for confirmation')
    .action(
      answering<[AppId], { yes?: true; json?: true }>(async (table, [id], { yes, json }) => {
        await appNamed(viewOf(table), id);
        await confirm(`Delete app ${id} permanently?`, id, { yes, json });
        const tokens = await deleteApp(table, id);
        const text = `Deleted app ${id} and its admin tokens (${tokens}). The id now answers 40000 and is never reused.
Its users, groups and files stay in the table and the bucket, but no call can reach them. To remove them: npm run ops -- apps erase ${id}`;
        return { json: { app_id: id, deleted: true, tokens_deleted: tokens }, text };
      }),
    );

  addAppErasure(apps, answering);

  apps
    .command('registration')
    .description('open or close the registration of users (closed: 40001)')
    .argument('<app>', 'id of the app', appId)
    .addArgument(program.createArgument('<state>', 'open or closed').choices(['open', 'closed']))
    .action(
      answering<[AppId, 'open' | 'closed'], object>(async (table, [id, registration]) => {
        const app = await changeApp(viewOf(table), id, () => ({ registration }));
        return { json: appJson(app), text: `Registration in app ${id} is now ${registration}. ${CACHED}` };
      }),
    );

  apps
    .command('limits')
    .description('show or set the limits of an app: users=5000 files=default …')
    .argument('<app>', 'id of the app', appId)
    .argument('[name=value...]', 'limits to set; "default" restores the default', limitChange)
    .action(
      answering<[AppId, LimitChanges | undefined], object>(async (table, [id, changes]) => {
        if (!changes) return limitsAnswer(await appNamed(viewOf(table), id));
        const { app, counted } = await setLimits(table, id, changes);
        const { json, text } = limitsAnswer(app);
        const totals = Object.entries(counted).map(([name, total]) => `Counted ${total} ${name}.`);
        const again = `Users and groups that they create until then are not counted: run apps recount ${id} afterwards.`;
        return {
          json: { ...json, ...counted },
          text: [text, '', [...totals, CACHED, ...(totals.length > 0 ? [again] : [])].join(' ')].join('\n'),
        };
      }),
    );

  apps
    .command('recount')
    .description('recount the users and groups that the limits are compared with')
    .argument('<app>', 'id of the app', appId)
    .action(
      answering<[AppId], object>(async (table, [id]) => {
        const counted = countedOf(await appNamed(viewOf(table), id));
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

const setNames = (app: App) => Object.keys(app.limits) as LimitName[];

/** Counters that exist for the app: those with a limit. */
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
