/** The shorter lists of a group. */
import { endedBy, useCall, useList } from '../call.ts';
import { bytes } from '../format.ts';
import { Act, may } from '../parts/act.tsx';
import { ask, say } from '../parts/ask.tsx';
import { Card, Id, Left, Rows, Shown, Time, UserLink } from '../parts/bits.tsx';
import { sentenceOf, Told } from '../parts/trouble.tsx';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { memberQuestion } from './group-members.tsx';
import type { InGroup } from './in-group.ts';

const going = (cursor: string | undefined) => cursor !== undefined && { cursor };

export function Banned({ group, again }: InGroup) {
  const w = useWords();
  const { client, names } = session.value!;
  const { group_id } = group;
  const list = useList(
    (cursor, signal) => client.group.bannedList({ group_id, limit: 100, ...going(cursor) }, { signal }),
    [group_id],
  );
  const both = () => {
    list.again();
    again();
  };
  const of = { group, again: both };
  return (
    <Rows
      list={list}
      label={w.room.tabs.banned}
      none={w.room.noBanned}
      head={[w.users.username, w.room.displayName, w.room.ends, '']}
      row={({ user_id, display_name, expired_time }) => (
        <tr key={user_id}>
          <td>
            <UserLink id={user_id} /> <Id of={user_id} />
          </td>
          <td>{display_name}</td>
          <td>
            <Left ms={expired_time} ended={list.again} />
          </td>
          <td class="end">
            <a href={hrefOf(['why'], { user: user_id, group: group_id })}>{w.nav.why}</a>{' '}
            <Act
              label={w.room.unban}
              scope="groups"
              kind="quiet"
              question={() =>
                memberQuestion('unban', [user_id], of, w, (id) => names.users.get(id)?.username ?? w.user(id))
              }
            />
          </td>
        </tr>
      )}
    />
  );
}

export function Blocked({ group, again }: InGroup) {
  const w = useWords();
  const { client, names } = session.value!;
  const { group_id } = group;
  const list = useList(
    (cursor, signal) => client.group.blockedList({ group_id, limit: 100, ...going(cursor) }, { signal }),
    [group_id],
  );
  const both = () => {
    list.again();
    again();
  };
  const of = { group, again: both };
  return (
    <Rows
      list={list}
      label={w.room.tabs.blocked}
      none={w.room.noBlocked}
      head={[w.users.username, w.room.since, '']}
      row={({ user_id, created_at }) => (
        <tr key={user_id}>
          <td>
            <UserLink id={user_id} /> <Id of={user_id} />
          </td>
          <td>
            <Time ms={Date.parse(created_at)} />
          </td>
          <td class="end">
            <Act
              label={w.room.unblock}
              scope="groups"
              kind="quiet"
              question={() =>
                memberQuestion('unblock', [user_id], of, w, (id) => names.users.get(id)?.username ?? w.user(id))
              }
            />
          </td>
        </tr>
      )}
    />
  );
}

export function Applications({ group, again }: InGroup) {
  const w = useWords();
  const { client, names } = session.value!;
  const { group_id } = group;
  const list = useList(
    (cursor, signal) =>
      client.group.applicationList({ group_list: [group_id], limit: 100, ...going(cursor) }, { signal }),
    [group_id],
  );
  const pending = { ...list, items: list.items.filter(({ status }) => status === 0) };
  const question = (user_id: number, approval: boolean) => () => {
    const name = names.users.get(user_id)?.username ?? w.user(user_id);
    const label = approval ? w.room.approve : w.room.reject;
    return {
      title: w.room.askOne(label, name, group.name),
      tells: approval ? w.room.addTells : '',
      action: label,
      danger: !approval,
      after: () => {
        list.again();
        again();
      },
      run: async () => {
        const { result, reason } = await client.group.applyHandle({ group_id, user_id, approval });
        if (result === 'fail') throw new Told(reason);
        return w.act.doneNamed(label, name);
      },
    };
  };
  return (
    <Rows
      list={pending}
      label={w.room.tabs.applications}
      none={w.room.noApplications}
      head={[w.users.username, w.room.reason, w.room.ends, '']}
      row={({ applicant_id, reason, expired_time }) => (
        <tr key={applicant_id}>
          <td>
            <UserLink id={applicant_id} /> <Id of={applicant_id} />
          </td>
          <td>{reason}</td>
          <td>{expired_time === -1 ? w.forEver : <Time ms={expired_time} />}</td>
          <td class="end">
            <Act label={w.room.approve} scope="groups" kind="quiet" question={question(applicant_id, true)} />
            <Act label={w.room.reject} scope="groups" kind="quiet" question={question(applicant_id, false)} />
          </td>
        </tr>
      )}
    />
  );
}

export function Announcements({ group: { group_id, name } }: InGroup) {
  const w = useWords();
  const { room } = w;
  const { client } = session.value!;
  const answer = useCall((signal) => client.group.announcementList({ group_id }, { signal }), [group_id]);
  return (
    <>
      <div class="actions">
        <Act
          label={room.publish}
          scope="groups"
          question={() => ({
            title: room.publish,
            tells: name,
            action: room.publish,
            fields: [
              { name: 'title', label: room.headline, required: true },
              { name: 'content', label: room.text, kind: 'long', required: true },
            ],
            after: answer.again,
            run: async ({ title = '', content = '' }) => {
              // Published once, however often it is tried.
              const idempotencyKey = await keyOf([group_id, title, content]);
              await client.group.announcementEdit({ group_id, title, content }, { idempotencyKey });
              return w.act.doneNamed(room.publish, title);
            },
          })}
        />
      </div>
      <Shown answer={answer}>
        {(all) =>
          all.length === 0 ? (
            <p class="none">{room.noAnnouncements}</p>
          ) : (
            all.toReversed().map(({ id, title, content, author, created_at }) => (
              <Card
                key={id}
                title={title}
                beside={
                  <Act
                    label={room.removeAnnouncement}
                    scope="groups"
                    kind="quiet"
                    question={() => ({
                      title: `${room.removeAnnouncement}?`,
                      tells: (
                        <>
                          <b>{title}</b>
                          <br />
                          {room.removeAnnouncementTells}
                        </>
                      ),
                      action: room.removeAnnouncement,
                      danger: true,
                      after: answer.again,
                      run: async () => {
                        await client.group.announcementDelete({ group_id, announcement_id: id });
                        return undefined;
                      },
                    })}
                  />
                }
              >
                <p class="text">{content}</p>
                <p class="order">
                  <UserLink id={author} /> · <Time ms={created_at * 1000} />
                </p>
              </Card>
            ))
          )
        }
      </Shown>
    </>
  );
}

/** A key that is the same for the same values within ten minutes. */
async function keyOf(values: readonly unknown[]): Promise<string> {
  const text = JSON.stringify([Math.floor(Date.now() / 600_000), ...values]);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash.slice(0, 16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function Files({ group: { group_id } }: InGroup) {
  const w = useWords();
  const { room } = w;
  const { client } = session.value!;
  const list = useList(
    (cursor, signal) => client.group.fileList({ group_id, limit: 100, ...going(cursor) }, { signal }),
    [group_id],
  );
  const download = async (file_id: number) => {
    // The browser opens a window only while it handles the click.
    const target = window.open('', '_blank');
    try {
      const { url } = await client.group.file({ group_id, file_id });
      if (target) {
        target.opener = null;
        target.location.replace(url);
      }
    } catch (error) {
      target?.close();
      if (!endedBy(error)) say(sentenceOf(error, w));
    }
  };
  return (
    <Rows
      list={list}
      label={room.tabs.files}
      none={room.noFiles}
      head={[w.name, room.size, room.uploader, room.since, '']}
      row={({ file_id, name, size, uploader, created_at, type }) => (
        <tr key={file_id}>
          <td title={type}>{name}</td>
          <td class="number">{bytes(size)}</td>
          <td>
            <UserLink id={uploader} />
          </td>
          <td>
            <Time ms={created_at * 1000} />
          </td>
          <td class="end">
            <button type="button" class="quiet" onClick={() => download(file_id)}>
              {room.download}
            </button>
            <button
              type="button"
              class="quiet"
              disabled={!may('files')}
              {...(!may('files') && { title: w.scope.missing('files') })}
              onClick={() =>
                ask({
                  title: `${room.removeFile}?`,
                  tells: (
                    <>
                      <b>{name}</b>
                      <br />
                      {room.removeFileTells}
                    </>
                  ),
                  action: room.removeFile,
                  danger: true,
                  after: list.again,
                  run: async () => {
                    const [entry] = await client.group.fileDelete({ group_id, file_list: [file_id] });
                    if (entry?.result === 'fail') throw new Told(entry.reason);
                    return undefined;
                  },
                })
              }
            >
              {room.removeFile}
            </button>
          </td>
        </tr>
      )}
    />
  );
}
