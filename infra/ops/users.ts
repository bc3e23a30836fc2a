import type { Command } from 'commander';
import { showUser, unlockUser } from '../../shared/domain/app/users.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId } from './arguments.ts';

/** `users …`: what operators do for a single user. */
export function addUserCommands(program: Command, answering: Answering) {
  const users = program.command('users').description('users of an app: find, unlock');

  users
    .command('find')
    .description('who a user is: account, lock, devices with their last call')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .action(
      answering<[string, string], object>(async (table, [app, named]) => {
        const { user, lock, devices } = await showUser(table, app, named);
        const now = Date.now();
        const failures = lock?.fails.length ?? 0;
        const lockedUntil = (lock?.until ?? 0) > now ? lock?.until : undefined;
        const sessions = devices.map((device) => ({
          device_sn: device.sn,
          platform: device.platform,
          user_agent: device.agent,
          signed_in: device.token !== undefined && device.expires > now && device.epoch === user.epoch,
          last_call_at: isoTime(device.seen),
        }));
        const rows = [
          ['id', String(user.user)],
          ['username', user.username],
          ['mobile', user.mobile ?? '-'],
          ['status', user.status],
          ['registered', shownTime(user.made)],
          ['groups', `${user.joined} joined, ${user.owned} of them owned`],
          ['failed logins', `${failures}${lockedUntil ? `, locked until ${shownTime(lockedUntil)}` : ''}`],
        ];
        const list = devices.map((device, index) => [
          String(device.sn),
          sessions[index]?.signed_in ? 'signed in' : 'signed out',
          shownTime(device.seen),
          device.agent || '-',
        ]);
        const headings = ['device', 'session', 'last call', 'user agent'];
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            mobile: user.mobile ?? null,
            status: user.status,
            registered_at: isoTime(user.made),
            groups_joined: user.joined,
            groups_owned: user.owned,
            failures,
            locked_until: isoTime(lockedUntil),
            devices: sessions,
          },
          text: `${aligned(rows)}\n\n${list.length > 0 ? aligned(list, headings) : 'No devices.'}`,
        };
      }),
    );

  users
    .command('unlock')
    .description('forget failed logins, so that new devices may log in again at once')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .action(
      answering<[string, string], object>(async (table, [app, named]) => {
        const { user, lock } = await unlockUser(table, app, named);
        const failures = lock?.fails.length ?? 0;
        const locked = (lock?.until ?? 0) > Date.now();
        const who = `User ${user.user} (${user.username})`;
        const text = locked
          ? `${who} was locked out and may log in again.`
          : `${who} was not locked out; ${failures} failed logins are forgotten.`;
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            was_locked: locked,
            locked_until: isoTime(lock?.until),
            failures,
          },
          text,
        };
      }),
    );
}
