import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, type Group } from '../../client/roster.ts';
import { type Answer, useCall } from '../call.ts';
import { findUser } from '../lookup.ts';
import { Act } from '../parts/act.tsx';
import { Badge, Facts, Heading, Id, Left, Skeleton, Time, UserLink } from '../parts/bits.tsx';
import { Timeline } from '../parts/events.tsx';
import { Told, Trouble } from '../parts/trouble.tsx';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { Bulk } from './group-bulk.tsx';
import { Announcements, Applications, Banned, Blocked, Files } from './group-lists.tsx';
import { Members } from './group-members.tsx';
import { GroupSettings } from './group-settings.tsx';
import { durationField, type InGroup } from './in-group.ts';

const PARTS = [
  'members',
  'bulk',
  'banned',
  'blocked',
  'applications',
  'announcements',
  'files',
  'timeline',
  'settings',
] as const;
type Part = (typeof PARTS)[number];

const isPart = (text: string | undefined): text is Part => PARTS.some((part) => part === text);

export function GroupPage({ id, part }: { id: number; part: string | undefined }) {
  const w = useWords();
  const { client, names } = session.value!;
  const answer = useCall(
    async (signal) => {
      const group = await client.group.info({ group_id: id }, { signal });
      names.groups.set(id, group.name);
      return group;
    },
    [id],
  );
  const { data: group, error } = answer;
  const missing = (error instanceof ApiError && error.is('groupMissing')) || group?.status === 1;
  const name = group?.name ?? w.group(id);
  return (
    <>
      <Heading title={name} beside={<Marks id={id} group={group} again={answer.again} />} />
      {missing && (
        <>
          <p class="none">{w.room.missing}</p>
          <Timeline filter={{ group_id: id }} />
        </>
      )}
      {!missing && error !== undefined && <Trouble of={answer} stale={group !== undefined} />}
      {!group && !error && <Skeleton lines={8} />}
      {group && !missing && <Known answer={answer} group={group} part={isPart(part) ? part : 'members'} />}
    </>
  );
}

function Marks({ id, group, again }: { id: number; group: Group | undefined; again(): void }) {
  const w = useWords();
  if (!group)
    return (
      <p class="marks">
        <Id of={id} />
      </p>
    );
  const silence = group.ban_expire_time;
  return (
    <p class="marks">
      <Id of={id} />
      <Badge>{(w.groups.types as readonly string[])[group.type] ?? group.type}</Badge>
      {group.status === 1 && <Badge kind="bad">{w.groups.dissolved}</Badge>}
      {(silence === -1 || silence * 1000 > Date.now()) && (
        <Badge kind="warn">
          {w.groups.silenced}: <Left ms={silence === -1 ? -1 : silence * 1000} ended={again} />
        </Badge>
      )}
    </p>
  );
}

function Known({ answer, group, part }: { answer: Answer<Group>; group: Group; part: Part }) {
  const w = useWords();
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone there is room for some of them only.
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [part]);
  const { again } = answer;
  const { group_id: id } = group;
  const of = { group, again };
  const labels: Record<Part, string> = { ...w.room.tabs, bulk: w.bulk.title };
  const parts: Record<Part, () => ComponentChildren> = {
    members: () => <Members {...of} />,
    bulk: () => <Bulk {...of} />,
    banned: () => <Banned {...of} />,
    blocked: () => <Blocked {...of} />,
    applications: () => <Applications {...of} />,
    announcements: () => <Announcements {...of} />,
    files: () => <Files {...of} />,
    timeline: () => <Timeline filter={{ group_id: id }} />,
    settings: () => <GroupSettings {...of} />,
  };
  return (
    <>
      <Facts
        of={[
          [w.groups.owner, <UserLink key="owner" id={group.owner_id} />],
          [w.room.admins, <Admins key="admins" id={id} />],
          [w.groups.members, w.of(group.count, group.capacity)],
          [w.groups.created, <Time key="created" ms={group.created_at * 1000} plain />],
          group.description && [w.room.fields.description, group.description],
        ]}
      />
      <Actions {...of} />
      <nav class="tabs" ref={tabs} aria-label={w.room.tabsLabel}>
        {PARTS.map((one) => (
          <a
            key={one}
            href={hrefOf(one === 'members' ? ['groups', id] : ['groups', id, one])}
            {...(one === part && { 'aria-current': 'page' as const })}
          >
            {labels[one]}
          </a>
        ))}
      </nav>
      <section class="part" aria-label={labels[part]}>
        {parts[part]()}
      </section>
    </>
  );
}

/** The admins beside the owner. */
function Admins({ id }: { id: number }) {
  const w = useWords();
  const { data } = useCall((signal) => session.value!.client.group.adminList({ group_id: id }, { signal }), [id]);
  if (!data) return null;
  if (data.length === 0) return <span class="none">{w.room.noAdmins}</span>;
  return (
    <ul class="people">
      {data.slice(0, MOST_ADMINS).map(({ user_id }) => (
        <li key={user_id}>
          <UserLink id={user_id} short />
        </li>
      ))}
      {data.length > MOST_ADMINS && <li>{w.of(MOST_ADMINS, data.length)}</li>}
    </ul>
  );
}

/** Admins that are named above the parts; the list of members marks all. */
const MOST_ADMINS = 8;

function Actions({ group, again }: InGroup) {
  const w = useWords();
  const { room } = w;
  const { client } = session.value!;
  const { group_id: id, name, ban_expire_time: silence } = group;
  const silenced = silence === -1 || silence * 1000 > Date.now();
  return (
    <div class="actions">
      <a class="button" href={hrefOf(['why'], { group: id })}>
        {w.nav.why}
      </a>
      <a class="button" href={hrefOf(['groups', id, 'bulk'])}>
        {room.add}
      </a>
      {silenced ? (
        <Act
          label={room.unsilence}
          scope="groups"
          question={() => ({
            title: room.unsilenceAsk(name),
            tells: room.unsilenceTells,
            action: room.unsilence,
            after: again,
            run: async () => {
              await client.group.settingsUnbanAll({ group_id: id });
              return w.act.doneNamed(room.unsilence, name);
            },
          })}
        />
      ) : (
        <Act
          label={room.doSilence}
          scope="groups"
          question={() => ({
            title: room.silenceAsk(name),
            tells: room.silenceTells,
            action: room.doSilence,
            danger: true,
            fields: [durationField(w)],
            after: again,
            run: async ({ minutes }) => {
              await client.group.settingsBanAll({ group_id: id, duration: Number(minutes) });
              return w.act.doneNamed(room.doSilence, name);
            },
          })}
        />
      )}
      <Act
        label={room.owner}
        scope="groups"
        question={() => ({
          title: room.ownerAsk(name),
          tells: room.ownerTells,
          action: room.owner,
          danger: true,
          fields: [{ name: 'owner', label: room.newOwner, required: true }],
          after: again,
          run: async ({ owner = '' }) => {
            const found = await findUser(session.value!, owner.trim());
            if (!found) throw new Told(w.why.noUser(owner));
            const { result, reason } = await client.admin.groupOwnerAssign({ group_id: id, new_owner: found.user_id });
            if (result === 'fail') throw new Told(reason);
            return w.act.doneNamed(room.owner, found.username);
          },
        })}
      />
      <Act
        label={room.dissolve}
        scope="groups"
        kind="danger"
        question={() => ({
          title: room.dissolveAsk(name),
          tells: room.dissolveTells(group.count),
          action: room.dissolve,
          danger: true,
          typed: name,
          after: again,
          run: async () => {
            await client.group.destroy({ group_id: id });
            return w.act.doneNamed(room.dissolve, name);
          },
        })}
      />
    </div>
  );
}
