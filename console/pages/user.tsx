import { useState } from 'preact/hooks';
import { ApiError } from '../../client/roster.ts';
import { useCall, useList } from '../call.ts';
import { count } from '../format.ts';
import { Act } from '../parts/act.tsx';
import type { Question } from '../parts/ask.tsx';
import {
  Badge,
  Card,
  Facts,
  GroupLink,
  Heading,
  Id,
  Left,
  Rows,
  Shown,
  Skeleton,
  Table,
  Time,
  UserLink,
} from '../parts/bits.tsx';
import { Timeline } from '../parts/events.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords, type Words } from '../text/words.ts';
import { UserState } from './users.tsx';

type Info = Awaited<ReturnType<NonNullable<typeof session.value>['client']['admin']['userInfo']>>;

const ACTIVE = 0;
const DELETED = 2;

export function UserPage({ id }: { id: number }) {
  const w = useWords();
  const { client, names } = session.value!;
  const answer = useCall(
    async (signal) => {
      const info = await client.admin.userInfo({ user_id: id }, { signal });
      if (info.status !== DELETED) names.users.set(id, { username: info.username, nickname: info.nick_name });
      return info;
    },
    [id],
  );
  const { data, error } = answer;
  const missing = (error instanceof ApiError && error.is('userMissing')) || data?.status === DELETED;
  const name = data?.username || w.user(id);
  return (
    <>
      <Heading
        tab={name}
        title={
          <>
            {name} {data?.nick_name && <small>{data.nick_name}</small>}
          </>
        }
        beside={
          <p class="marks">
            <Id of={id} />
            {data && <UserState status={data.status} />}
            {data && <Locked until={data.locked_until} />}
          </p>
        }
      />
      {data && !missing && <Actions info={data} again={answer.again} />}
      {missing ? (
        <p class="none">{w.person.missing}</p>
      ) : (
        error !== undefined && <Trouble of={answer} stale={data !== undefined} />
      )}
      {!data && !error && <Skeleton lines={6} />}
      <div class="columns wide-first">
        <div>
          {data && !missing && <Groups id={id} />}
          {data && !missing && <Devices info={data} again={answer.again} />}
          <Card title={w.person.timeline}>
            <Timeline filter={{ user_id: id }} />
          </Card>
        </div>
        {data && !missing && (
          <div>
            <Profile info={data} />
            <Invitations id={id} />
            <Identities id={id} />
            <Friends id={id} info={data} />
          </div>
        )}
      </div>
    </>
  );
}

function Locked({ until }: { until: number }) {
  const w = useWords();
  if (until * 1000 <= Date.now()) return null;
  return (
    <Badge kind="warn">
      {w.person.locked}: <Left ms={until * 1000} />
    </Badge>
  );
}

/** What can be done to a user, and what each of it does. */
function Actions({ info, again }: { info: Info; again(): void }) {
  const w = useWords();
  const { act } = w;
  const { client, as } = session.value!;
  const { user_id: id, username: name } = info;
  const after = again;
  const done = (what: string) => act.doneNamed(what, name);
  return (
    <div class="actions">
      <a class="button" href={hrefOf(['why'], { user: id })}>
        {w.nav.why}
      </a>
      {info.status === ACTIVE ? (
        <Act
          label={act.disable}
          scope="users"
          question={() => ({
            title: act.disableAsk(name),
            tells: act.disableTells,
            action: act.disable,
            danger: true,
            after,
            run: async () => {
              await client.user.disable({ list: [id] });
              return done(act.disable);
            },
          })}
        />
      ) : (
        <Act
          label={act.enable}
          scope="users"
          kind="main"
          question={() => ({
            title: act.enableAsk(name),
            tells: act.enableTells,
            action: act.enable,
            after,
            run: async () => {
              await client.user.enable({ list: [id] });
              return done(act.enable);
            },
          })}
        />
      )}
      <Act
        label={act.kick}
        scope="users"
        question={() => ({
          title: act.kickAsk(name),
          tells: act.kickTells,
          action: act.kick,
          after,
          run: async () => {
            await as(id).user.kick();
            return done(act.kick);
          },
        })}
      />
      <Act label={act.password} scope="users" question={() => passwordQuestion(info, w, after)} />
      <Act
        label={act.unlock}
        scope="users"
        question={() => ({
          title: act.unlockAsk(name),
          tells: act.unlockTells,
          action: act.unlock,
          after,
          run: async () => {
            await client.admin.userUnlock({ user_id: id });
            return done(act.unlock);
          },
        })}
      />
      <Act
        label={act.remove}
        scope="users"
        kind="danger"
        question={() => ({
          title: act.removeAsk(name),
          tells: act.removeTells,
          action: act.remove,
          danger: true,
          typed: name,
          after,
          run: async () => {
            await as(id).user.delete();
            return done(act.remove);
          },
        })}
      />
    </div>
  );
}

function passwordQuestion({ user_id: id, username: name }: Info, { act }: Words, after: () => void): Question {
  return {
    title: act.passwordAsk(name),
    tells: act.passwordTells,
    action: act.password,
    danger: true,
    fields: [
      {
        name: 'password',
        label: act.newPassword,
        hint: act.passwordHint,
        required: true,
        least: 8,
        most: 128,
        fill: { label: act.generate, draw: drawPassword },
      },
    ],
    after,
    run: async ({ password = '' }) => {
      await session.value!.as(id).user.changePasswordAdmin({ password });
      return act.doneNamed(act.password, name);
    },
  };
}

/** 16 characters that are not mistaken for each other: about 93 bits. */
function drawPassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  let drawn = '';
  while (drawn.length < 16) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    // Only as many values as give each letter the same chance.
    if (byte < letters.length * Math.floor(256 / letters.length)) drawn += letters[byte % letters.length];
  }
  return drawn;
}

function Profile({ info }: { info: Info }) {
  const w = useWords();
  const { person } = w;
  const { limits } = info;
  return (
    <Card title={person.profile}>
      <Facts
        of={[
          [w.users.username, info.username],
          info.nick_name && [w.users.nickname, info.nick_name],
          [w.users.mobile, info.mobile || w.none],
          info.email && [person.email, info.email],
          info.description && [person.description, info.description],
          [w.users.registered, <Time key="registered" ms={info.created_at * 1000} plain />],
          [person.password, info.has_password ? person.hasPassword : person.noPassword],
          [
            person.failed,
            <>
              {count(info.failed_logins)} <Locked until={info.locked_until} />
            </>,
          ],
          [person.consent, info.group_confirm ? w.yes : w.no],
          [person.groupsJoined, person.numbers(info.groups_joined, limits.groups_joined)],
          [person.groupsOwned, person.numbers(info.groups_owned, limits.groups_owned)],
          info.public_info && [person.publicInfo, <Long key="public" text={info.public_info} />],
          info.private_info && [person.privateInfo, <Long key="private" text={info.private_info} />],
        ]}
      />
    </Card>
  );
}

const Long = ({ text }: { text: string }) => <pre class="long">{text}</pre>;

function Devices({ info, again }: { info: Info; again(): void }) {
  const w = useWords();
  const { person, act } = w;
  const { as } = session.value!;
  if (info.devices.length === 0)
    return (
      <Card title={person.devices}>
        <p class="none">{person.noDevices}</p>
      </Card>
    );
  return (
    <Card title={person.devices} beside={<small>{person.numbers(info.devices.length, info.limits.devices)}</small>}>
      <Table label={person.devices} head={[person.device, person.session, person.seen, '']}>
        {info.devices.map((device) => {
          const lives = device.session_expires_at * 1000 > Date.now();
          return (
            <tr key={device.device_sn}>
              <td>
                <Id of={device.device_sn} /> {person.platform[device.platform] ?? ''}{' '}
                <small class="agent" title={device.user_agent}>
                  {device.user_agent}
                </small>{' '}
                {device.push_bound && <Badge>{person.push}</Badge>}
                <Locked until={device.locked_until} />
              </td>
              <td>
                {lives ? (
                  <>
                    {w.until('')}
                    <Time ms={device.session_expires_at * 1000} />
                  </>
                ) : (
                  <Badge>{person.noSession}</Badge>
                )}
              </td>
              <td>{device.last_seen_at > 0 ? <Time ms={device.last_seen_at * 1000} /> : w.never}</td>
              <td class="end">
                {lives && (
                  <Act
                    label={act.kickOne}
                    scope="users"
                    kind="quiet"
                    question={() => ({
                      title: act.kickOneAsk(info.username, device.device_sn),
                      tells: act.kickTells,
                      action: act.kickOne,
                      after: again,
                      run: async () => {
                        await as(info.user_id).user.kick({ device_sn: device.device_sn });
                        return act.doneNamed(act.kickOne, info.username);
                      },
                    })}
                  />
                )}
              </td>
            </tr>
          );
        })}
      </Table>
    </Card>
  );
}

function Groups({ id }: { id: number }) {
  const w = useWords();
  const { client } = session.value!;
  const list = useList(
    (cursor, signal) =>
      client.admin.userGroups({ user_id: id, limit: 50, ...(cursor !== undefined && { cursor }) }, { signal }),
    [id],
  );
  return (
    <Card title={w.person.groups}>
      <Rows
        list={list}
        label={w.person.groups}
        none={w.person.noGroups}
        head={[w.name, w.person.role, w.person.stateIn, w.person.joined, '']}
        row={({ group_id, name, role, state, ban_expire_time, join_time, blocked_at }) => (
          <tr key={group_id}>
            <td>
              <a href={hrefOf(['groups', group_id])}>{name}</a> <Id of={group_id} />
            </td>
            <td>{role === null ? '' : <Role of={role} />}</td>
            <td>
              {state === 'blocked' && <Badge kind="bad">{w.blockedState}</Badge>}
              <Ban until={ban_expire_time} waits={state === 'none'} />
            </td>
            <td>
              {state === 'blocked' ? <Time ms={blocked_at * 1000} /> : join_time > 0 && <Time ms={join_time * 1000} />}
            </td>
            <td class="end">
              <a href={hrefOf(['why'], { user: id, group: group_id })}>{w.nav.why}</a>
            </td>
          </tr>
        )}
      />
    </Card>
  );
}

export function Role({ of }: { of: number }) {
  const w = useWords();
  return of === 0 ? (
    <span>{w.roles[0]}</span>
  ) : (
    <Badge kind={of === 2 ? 'good' : 'plain'}>{(w.roles as readonly string[])[of]}</Badge>
  );
}

/** @param until seconds; 0 none, −1 for ever */
export function Ban({ until, waits = false }: { until: number; waits?: boolean }) {
  const w = useWords();
  if (until === 0 || (until > 0 && until * 1000 <= Date.now())) return null;
  return (
    <Badge kind="warn">
      {waits ? w.waitingBan : w.banned}: <Left ms={until === -1 ? -1 : until * 1000} />
    </Badge>
  );
}

function Invitations({ id }: { id: number }) {
  const w = useWords();
  const [open, setOpen] = useState(false);
  const list = useList(
    (cursor, signal) => session.value!.as(id).group.invitationList(cursor === undefined ? {} : { cursor }, { signal }),
    [id],
  );
  const pending = { ...list, items: list.items.filter(({ status }) => status === 0) };
  return (
    <Card title={w.person.invitations}>
      <Rows
        list={pending}
        label={w.person.invitations}
        none={w.person.noInvitations}
        head={[w.groups.title, w.person.invitations, w.room.ends]}
        row={({ group_id, inviter_id, expired_time }) => (
          <tr key={`${group_id}/${inviter_id}`}>
            <td>
              <GroupLink id={group_id} />
            </td>
            <td>
              <UserLink id={inviter_id} />
            </td>
            <td>{expired_time === -1 ? w.forEver : <Time ms={expired_time} />}</td>
          </tr>
        )}
      />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{w.room.tabs.applications}</summary>
        {open && <Timeline filter={{ user_id: id, types: 'group.application.*' }} />}
      </details>
    </Card>
  );
}

/** Logins of other issuers that are bound to the user. */
function Identities({ id }: { id: number }) {
  const w = useWords();
  const answer = useCall((signal) => session.value!.as(id).user.identityList({}, { signal }), [id]);
  return (
    <Card title={w.person.identities}>
      <Shown answer={answer}>
        {(all) =>
          all.length === 0 ? (
            <p class="none">{w.person.noIdentities}</p>
          ) : (
            <Facts of={all.map(({ issuer, subject }) => [issuer, <Id key={issuer} of={subject} />] as const)} />
          )
        }
      </Shown>
    </Card>
  );
}

function Friends({ id, info }: { id: number; info: Info }) {
  const w = useWords();
  const client = session.value!.as(id);
  const friends = useList(
    (cursor, signal) => client.roster.listIds({ limit: 50, ...(cursor !== undefined && { cursor }) }, { signal }),
    [id],
  );
  const blocked = useCall((signal) => client.roster.blockedList({}, { signal }), [id]);
  return (
    <Card title={w.person.friends} beside={<small>{w.person.numbers(info.friends, info.limits.friends)}</small>}>
      {friends.error !== undefined && <Trouble of={friends} />}
      {friends.items.length === 0 && friends.ended ? (
        <p class="none">{w.person.noFriends}</p>
      ) : (
        <ul class="people">
          {friends.items.map((friend) => (
            <li key={friend}>
              <UserLink id={friend} />
            </li>
          ))}
        </ul>
      )}
      {!friends.ended && friends.items.length > 0 && (
        <button type="button" class="quiet" onClick={friends.more} aria-busy={friends.waiting}>
          {w.more}
        </button>
      )}
      {info.blocked_users > 0 && (
        <>
          <h3>
            {w.person.blocked} <small>{w.person.numbers(info.blocked_users, info.limits.blocked)}</small>
          </h3>
          <Shown answer={blocked}>
            {(ids) => (
              <ul class="people">
                {ids.slice(0, 200).map((one) => (
                  <li key={one}>
                    <UserLink id={one} />
                  </li>
                ))}
              </ul>
            )}
          </Shown>
        </>
      )}
    </Card>
  );
}
