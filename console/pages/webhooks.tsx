import type { Endpoint } from '../../client/roster.ts';
import { useCall } from '../call.ts';
import { Act } from '../parts/act.tsx';
import type { Field } from '../parts/ask.tsx';
import { Badge, Copy, GroupLink, Heading, Shown, Table, Time } from '../parts/bits.tsx';
import { Told } from '../parts/trouble.tsx';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords, type Words } from '../text/words.ts';

type Values = Record<string, string>;

export const endpointFields = ({ hooks }: Words, of?: Endpoint): Field[] => [
  { name: 'url', label: hooks.url, required: true, value: of?.url ?? '', hint: 'https://…' },
  { name: 'types', label: hooks.types, value: of?.types.join(', ') ?? '', hint: hooks.typesHint },
  { name: 'group_id', label: hooks.group, value: of?.group_id ? String(of.group_id) : '', hint: hooks.groupHint },
  { name: 'description', label: hooks.description, value: of?.description ?? '', most: 128 },
  { name: 'enabled', label: hooks.enabled, kind: 'check', value: String(of?.enabled ?? true) },
];

export function endpointOf({ url = '', types = '', group_id = '', description = '', enabled }: Values, w: Words) {
  if (group_id.trim() !== '' && !/^\d+$/.test(group_id.trim()))
    throw new Told(`${w.hooks.group}: ${w.hooks.groupHint}`);
  return {
    url: url.trim(),
    types: types.split(/[\s,]+/).filter(Boolean),
    group_id: Number(group_id.trim() || 0),
    description: description.trim(),
    enabled: enabled === 'true',
  };
}

/** A secret that the service shows once. */
export function Secret({ secret }: { secret: string }) {
  const w = useWords();
  return (
    <div class="secret">
      <p>{w.hooks.secretTells}</p>
      <p class="beside">
        <code>{secret}</code> <Copy text={secret} />
      </p>
    </div>
  );
}

export function WebhooksPage() {
  const w = useWords();
  const { hooks } = w;
  const { client } = session.value!;
  const answer = useCall((signal) => client.event.endpointList({}, { signal }), []);
  return (
    <>
      <Heading
        title={hooks.title}
        beside={
          <Act
            label={hooks.create}
            scope="events"
            kind="main"
            question={() => ({
              title: hooks.create,
              tells: hooks.lead,
              action: hooks.create,
              fields: endpointFields(w),
              after: answer.again,
              run: async (values) => {
                const { secret } = await client.event.endpointCreate(endpointOf(values, w));
                return { show: <Secret secret={secret} /> };
              },
            })}
          />
        }
      />
      <p class="lead">{hooks.lead}</p>
      <Shown answer={answer}>
        {(endpoints) =>
          endpoints.length === 0 ? (
            <p class="none">{hooks.none}</p>
          ) : (
            <Table
              label={hooks.title}
              head={[hooks.url, hooks.types, hooks.description, w.groups.state, hooks.created]}
            >
              {endpoints.map((endpoint) => (
                <tr key={endpoint.endpoint_id}>
                  <td>
                    <a href={hrefOf(['webhooks', endpoint.endpoint_id])}>{endpoint.url}</a>
                  </td>
                  <td>
                    {endpoint.types.join(', ') || w.events.allTypes}
                    {endpoint.group_id > 0 && (
                      <>
                        {' · '}
                        <GroupLink id={endpoint.group_id} />
                      </>
                    )}
                  </td>
                  <td>{endpoint.description}</td>
                  <td>
                    <EndpointState of={endpoint} />
                  </td>
                  <td>
                    <Time ms={endpoint.created_at * 1000} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Shown>
    </>
  );
}

export function EndpointState({ of }: { of: Endpoint }) {
  const { hooks } = useWords();
  if (!of.enabled)
    return (
      <Badge kind="bad">
        {of.disabled_because === 'gone'
          ? hooks.gone
          : of.disabled_because === 'failing'
            ? hooks.fiveDays
            : hooks.disabled}
      </Badge>
    );
  if (of.failing_since > 0)
    return (
      <Badge kind="warn">
        {hooks.failing} <Time ms={of.failing_since * 1000} />
      </Badge>
    );
  return <Badge kind="good">{hooks.enabled}</Badge>;
}
