import { useState } from 'preact/hooks';
import type { Endpoint } from '../../client/roster.ts';
import { useCall } from '../call.ts';
import { count } from '../format.ts';
import { Act } from '../parts/act.tsx';
import { Badge, Card, Facts, GroupLink, Heading, Id, Shown, Table, Time } from '../parts/bits.tsx';
import { sequenceOf } from '../past.ts';
import { go, hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { EndpointState, endpointFields, endpointOf, Secret } from './webhooks.tsx';

export function WebhookPage({ id }: { id: string }) {
  const w = useWords();
  const { client } = session.value!;
  const [round, setRound] = useState(0);
  const answer = useCall(
    async (signal) =>
      (await client.event.endpointList({}, { signal })).find(({ endpoint_id }) => endpoint_id === id) ?? null,
    [id],
  );
  const { data: endpoint } = answer;
  return (
    <>
      <Heading
        title={endpoint?.description || endpoint?.url || w.hooks.title}
        tab={w.hooks.title}
        beside={
          <p class="marks">
            <Id of={id} />
            {endpoint && <EndpointState of={endpoint} />}
          </p>
        }
      />
      <Shown answer={answer}>
        {(found) =>
          found === null ? (
            <p class="none">{w.hooks.missing}</p>
          ) : (
            <Known endpoint={found} again={answer.again} sent={() => setRound(round + 1)} />
          )
        }
      </Shown>
      {endpoint && <Deliveries id={id} round={round} />}
    </>
  );
}

function Known({ endpoint, again, sent }: { endpoint: Endpoint; again(): void; sent(): void }) {
  const w = useWords();
  const { hooks } = w;
  const { client } = session.value!;
  const { endpoint_id } = endpoint;
  return (
    <>
      <Facts
        of={[
          [hooks.url, <code key="url">{endpoint.url}</code>],
          [hooks.types, endpoint.types.join(', ') || w.events.allTypes],
          endpoint.group_id > 0 && [hooks.group, <GroupLink key="group" id={endpoint.group_id} />],
          [hooks.created, <Time key="created" ms={endpoint.created_at * 1000} plain />],
        ]}
      />
      <div class="actions">
        <Act
          label={w.edit}
          scope="events"
          question={() => ({
            title: w.edit,
            tells: endpoint.url,
            action: w.save,
            fields: endpointFields(w, endpoint),
            after: again,
            run: async (values) => {
              await client.event.endpointUpdate({ endpoint_id, ...endpointOf(values, w) });
              return w.room.saved;
            },
          })}
        />
        <Act
          label={hooks.test}
          scope="events"
          question={() => ({
            title: `${hooks.test}?`,
            tells: endpoint.url,
            action: hooks.test,
            after: () => setTimeout(sent, 1500),
            run: async () => {
              await client.event.endpointTest({ endpoint_id });
              return hooks.tested;
            },
          })}
        />
        <Act
          label={hooks.rotate}
          scope="events"
          question={() => ({
            title: hooks.rotateAsk,
            tells: hooks.rotateTells,
            action: hooks.rotate,
            danger: true,
            fields: [{ name: 'keep', label: hooks.keepFor, kind: 'choice', options: hooks.keeps, value: '86400' }],
            run: async ({ keep }) => {
              const { secret } = await client.event.endpointRotate({ endpoint_id, keep_seconds: Number(keep) });
              return { show: <Secret secret={secret} /> };
            },
          })}
        />
        <Act
          label={hooks.redeliverRange}
          scope="events"
          question={() => ({
            title: hooks.redeliverRangeAsk,
            tells: hooks.redeliverTells,
            action: hooks.redeliver,
            fields: [
              { name: 'from', label: hooks.from, kind: 'number', least: 1, required: true },
              { name: 'to', label: hooks.to, kind: 'number', least: 1, required: true },
            ],
            after: () => setTimeout(sent, 1500),
            run: async ({ from = '1', to = '1' }) =>
              w.hooks.sent(
                await redeliverAll({ endpoint_id, from: sequenceOf(Number(from)), to: sequenceOf(Number(to)) }),
              ),
          })}
        />
        <Act
          label={hooks.redeliverAll}
          scope="events"
          question={() => ({
            title: hooks.redeliverAllAsk,
            tells: hooks.redeliverTells,
            action: hooks.redeliverAll,
            after: () => setTimeout(sent, 1500),
            run: async () => hooks.sent(await redeliverAll({ endpoint_id, failed: true })),
          })}
        />
        <Act
          label={hooks.remove}
          scope="events"
          kind="danger"
          question={() => ({
            title: hooks.removeAsk,
            tells: (
              <>
                <code>{endpoint.url}</code>
                <br />
                {hooks.removeTells}
              </>
            ),
            action: hooks.remove,
            danger: true,
            after: () => go(['webhooks']),
            run: async () => {
              await client.event.endpointDelete({ endpoint_id });
              return undefined;
            },
          })}
        />
      </div>
    </>
  );
}

interface Range {
  endpoint_id: string;
  from?: string;
  to?: string;
  failed?: boolean;
}

/** Sends all of the range again, a hundred per call. */
async function redeliverAll(range: Range): Promise<number> {
  const { client } = session.value!;
  let sum = 0;
  for (let next: string | undefined = range.from ?? ''; next !== undefined; ) {
    const answer: { sent: number; next?: string } = await client.event.endpointRedeliver({
      ...range,
      ...(next && { from: next }),
    });
    sum += answer.sent;
    next = answer.next;
  }
  return sum;
}

function Deliveries({ id, round }: { id: string; round: number }) {
  const w = useWords();
  const { hooks } = w;
  const { client } = session.value!;
  const [onlyFailed, setOnlyFailed] = useState(false);
  const answer = useCall(
    (signal) => client.event.endpointDeliveries({ endpoint_id: id, limit: 1000 }, { signal }),
    [id, round],
  );
  return (
    <Card
      title={hooks.deliveries}
      beside={
        <label class="check">
          <input
            type="checkbox"
            checked={onlyFailed}
            onChange={(event) => setOnlyFailed(event.currentTarget.checked)}
          />
          <span>{hooks.onlyFailed}</span>
        </label>
      }
    >
      <Shown answer={answer}>
        {(all) => {
          const shown = all.filter(({ delivered }) => !onlyFailed || !delivered);
          return shown.length === 0 ? (
            <p class="none">{hooks.noDeliveries}</p>
          ) : (
            <Table
              label={hooks.deliveries}
              head={[
                w.events.when,
                hooks.event,
                hooks.attempt,
                hooks.status,
                hooks.took,
                hooks.answer,
                hooks.nextTry,
                '',
              ]}
            >
              {shown.map(
                ({
                  event_id,
                  sequence,
                  type,
                  attempt,
                  time,
                  ms,
                  delivered,
                  status,
                  answer: text,
                  error,
                  next_attempt_at,
                }) => (
                  <tr key={`${event_id}/${attempt}/${time}`}>
                    <td>
                      <Time ms={Date.parse(time)} />
                    </td>
                    <td>{Number(sequence) > 0 ? <a href={hrefOf(['events', Number(sequence)])}>{type}</a> : type}</td>
                    <td class="number">{count(attempt)}</td>
                    <td>
                      <Badge kind={delivered ? 'good' : 'bad'}>{status === 0 ? hooks.noAnswer : status}</Badge>
                    </td>
                    <td class="number">{count(ms)} ms</td>
                    <td class="answer">{text || error}</td>
                    <td>{next_attempt_at > 0 && <Time ms={next_attempt_at * 1000} />}</td>
                    <td class="end">
                      {Number(sequence) > 0 && (
                        <Act
                          label={hooks.redeliver}
                          scope="events"
                          kind="quiet"
                          question={() => ({
                            title: `${hooks.redeliver}: ${type}?`,
                            tells: hooks.redeliverTells,
                            action: hooks.redeliver,
                            after: () => setTimeout(answer.again, 1500),
                            run: async () =>
                              hooks.sent(await redeliverAll({ endpoint_id: id, from: sequence, to: sequence })),
                          })}
                        />
                      )}
                    </td>
                  </tr>
                ),
              )}
            </Table>
          );
        }}
      </Shown>
    </Card>
  );
}
