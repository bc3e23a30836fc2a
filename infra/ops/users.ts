import type { Command } from 'commander';
import { hasSession } from '../../shared/data/device-repo.ts';
import { showUser, unlockUser, userLimits } from '../../shared/domain/app/users.ts';
import { lockedUntil } from '../../shared/domain/user/lock-out.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId } from './arguments.ts';
import { addUserErasure } from './erasure.ts';
import { addUserExport } from './user-export.ts';

const failedLogins = (count: number, until: number | undefined) =>
  `${count}${until ? `, locked until ${shownTime(until)}` : ''}`;

/** `users …`: commands for a single user. */
export function addUserCommands(program: Command, answering: Answering) {
  const users = program.command('users').description('find, unlock, export and erase users of an app');
  addUserExport(users, answering);
  addUserErasure(users, answering);

  users
    .command('find')
    .description('show a user: account, friends, lock-out, identities, devices with their last call')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .action(
      answering<[AppId, string], object>(async (table, [app, named]) => {
        const { user, lock, devices, identities, contacts, openRequests } = await showUser(table, app, named);
        const { friends = 0, blocked = 0 } = contacts ?? {};
        const now = Date.now();
        const failures = lock?.fails.length ?? 0;
        const lockedAfter = (until = 0) => (until > now ? until : undefined);
        const accountLocked = lockedAfter(lock?.lockedUntil);
        const sessions = devices.map((device) => ({
          device_sn: device.sn,
          platform: device.platform,
          user_agent: device.agent,
          signed_in: hasSession(device, user, now),
          last_call_at: isoTime(device.seen),
          failures: device.fails?.length ?? 0,
          locked_until: isoTime(lockedAfter(lockedUntil(device.fails))),
        }));
        const rows = [
          ['id', String(user.user)],
          ['username', user.username],
          ['mobile', user.mobile ?? '-'],
          ['status', user.status],
          ['registered', shownTime(user.createdAt)],
          ['groups', `${user.joined} joined, ${user.owned} of them owned`],
          ['friends', `${friends}, ${blocked} blocked, ${openRequests} open requests`],
          ['failed logins', failedLogins(failures, accountLocked)],
          ...identities.map(({ issuer, subject }) => ['identity', `${subject} of ${issuer}`]),
        ];
        const list = devices.map((device, index) => [
          String(device.sn),
          sessions[index]?.signed_in ? 'signed in' : 'signed out',
          shownTime(device.seen),
          failedLogins(device.fails?.length ?? 0, lockedAfter(lockedUntil(device.fails))),
          device.agent || '-',
        ]);
        const headings = ['device', 'session', 'last call', 'failed logins', 'user agent'];
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            mobile: user.mobile ?? null,
            status: user.status,
            registered_at: isoTime(user.createdAt),
            groups_joined: user.joined,
            groups_owned: user.owned,
            friends,
            blocked,
            open_requests: openRequests,
            failures,
            locked_until: isoTime(accountLocked),
            identities: identities.map(({ issuer, subject, createdAt }) => ({
              issuer,
              subject,
              bound_at: isoTime(createdAt),
            })),
            devices: sessions,
          },
          text: `${aligned(rows)}\n\n${list.length > 0 ? aligned(list, headings) : 'No devices.'}`,
        };
      }),
    );

  users
    .command('limits')
    .description('show how far a user has used up its limits, and since when it is held back')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .option('--lift', 'forget what was used up, so that the user can make calls immediately')
    .action(
      answering<[AppId, string], { lift?: true }>(async (table, [app, named], { lift = false }) => {
        const { user, uses } = await userLimits(table, app, named, lift);
        const told = user.heldBack;
        const rows = uses.map(({ limit, allowed, used, until }) => [
          limit,
          allowed === 0 ? '0 (no limit)' : String(allowed),
          String(used),
          until === undefined ? '-' : shownTime(until),
        ]);
        const who = `User ${user.user} (${user.username})`;
        const last = told
          ? `${who} was last reported as held back at ${shownTime(told.at)} (${told.limit}).`
          : `${who} was not reported as held back.`;
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            lifted: lift,
            reported_at: isoTime(told?.at),
            reported_limit: told?.limit ?? null,
            limits: Object.fromEntries(
              uses.map(({ limit, allowed, used, until }) => [limit, { allowed, used, held_until: isoTime(until) }]),
            ),
          },
          text: [
            aligned(rows, ['limit', 'allowed', 'used', 'held back until']),
            '',
            lift ? `${who} can make calls again. Before, it was as above.` : last,
          ].join('\n'),
        };
      }),
    );

  users
    .command('unlock')
    .description('clear failed logins, so that all devices can log in immediately')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .action(
      answering<[AppId, string], object>(async (table, [app, named]) => {
        const { user, lock, devices } = await unlockUser(table, app, named);
        const failures = lock?.fails.length ?? 0;
        const until = Math.max(lock?.lockedUntil ?? 0, ...devices.map(({ fails }) => lockedUntil(fails)));
        const locked = until > Date.now();
        const who = `User ${user.user} (${user.username})`;
        const text = locked
          ? `${who} was locked out and can log in again.`
          : `${who} was not locked out. Cleared ${failures} failed logins.`;
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            was_locked: locked,
            locked_until: isoTime(until || undefined),
            failures,
          },
          text,
        };
      }),
    );
}
