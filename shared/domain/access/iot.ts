import type { Database } from '../../data/database.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { decideFor } from './authorizer.ts';
import { placeOf } from './channel.ts';
import type { Decision, Question } from './decision.ts';

/** The part of AWS IoT Core's event that the rules look at. */
export interface IotEvent {
  token?: string;
  protocolData: {
    http?: { queryString?: string };
    /** The password is in base64. */
    mqtt?: { username?: string; password?: string };
  };
}

export interface IotResult {
  isAuthenticated: boolean;
  /** Letters and digits. */
  principalId: string;
  disconnectAfterInSeconds: number;
  refreshAfterInSeconds: number;
  policyDocuments: PolicyDocument[];
}

interface PolicyDocument {
  Version: '2012-10-17';
  Statement: { Effect: 'Allow'; Action: string; Resource: string[] }[];
}

/** Bounds of IoT Core for both times (s). */
const [SHORTEST, LONGEST] = [300, 86_400];
/** Characters of a policy document; an answer has at most ten documents. */
const MOST_CHARACTERS = 2048;
/** Groups and users of a connection: with the longest names, their topics fill the ten documents. */
const MOST_PLACES = 36;

/**
 * The token is the password, or the token of the authorizer. `groups` and `users` in the user name, or in the query of a
 * WebSocket, are the places that the client will use: `?groups=1,2&users=3`. What it may not do there is left out.
 * @param arn `arn:<partition>:iot:<region>:<account>:`
 * @param refresh after how many seconds IoT Core asks again
 */
export async function authorizeIot(
  db: Database,
  app: AppId,
  event: IotEvent,
  { arn, refresh }: { arn: string; refresh: number },
): Promise<{ decision: Decision; result: IotResult }> {
  const { http, mqtt } = event.protocolData;
  const token = mqtt?.password ? Buffer.from(mqtt.password, 'base64').toString() : (event.token ?? '');
  const named = new URLSearchParams(mqtt?.username?.split('?')[1] ?? http?.queryString ?? '');
  const idsOf = (name: string) => (named.get(name) ?? '').split(',').filter((id) => id !== '');
  const groups = idsOf('groups').flatMap((id) => placeOf('group', id) ?? []);
  const peers = idsOf('users').flatMap((id) => placeOf('user', id) ?? []);
  const places = [...groups, ...peers].slice(0, MOST_PLACES);
  const inPlaces = places.flatMap((place): Question[] => [
    ...('group_id' in place ? [{ action: 'subscribe' as const, token, ...place }] : []),
    { action: 'publish', token, ...place },
  ]);
  const [connection, ...decisions] = (await decideFor(db, app, [{ action: 'connect', token }, ...inPlaces])) as [
    Decision,
    ...Decision[],
  ];
  const { allow, user_id, device_sn } = connection;
  if (!allow || user_id === null) return { decision: connection, result: REFUSED };
  const rights = inPlaces.filter((_, index) => decisions[index]!.allow);
  const topicsOf = (action: string) => rights.filter((one) => one.action === action).map((one) => topicOf(app, one));
  const read = [topicOf(app, { peer_id: user_id }), ...topicsOf('subscribe')];
  const soonest = Math.min(...[connection, ...decisions].map(secondsLeft));
  return {
    decision: connection,
    result: {
      isAuthenticated: true,
      principalId: `u${user_id}d${device_sn}`,
      disconnectAfterInSeconds: bounded(secondsLeft(connection)),
      refreshAfterInSeconds: bounded(Math.min(refresh, soonest)),
      policyDocuments: [
        // So that no client takes the connection of another user.
        ...documentsOf('iot:Connect', [`${arn}client/${user_id}-*`]),
        ...documentsOf(
          'iot:Subscribe',
          read.map((topic) => `${arn}topicfilter/${topic}`),
        ),
        ...documentsOf(
          'iot:Receive',
          read.map((topic) => `${arn}topic/${topic}`),
        ),
        ...documentsOf(
          'iot:Publish',
          topicsOf('publish').map((topic) => `${arn}topic/${topic}`),
        ),
      ],
    },
  };
}

const REFUSED: IotResult = {
  isAuthenticated: false,
  principalId: 'none',
  disconnectAfterInSeconds: SHORTEST,
  refreshAfterInSeconds: SHORTEST,
  policyDocuments: [],
};

const topicOf = (
  app: AppId,
  { group_id, peer_id }: { group_id?: GroupId | undefined; peer_id?: UserId | undefined },
): string => `roster/${app}/${group_id === undefined ? `user/${peer_id}` : `group/${group_id}`}`;

const secondsLeft = ({ until }: Decision) =>
  until < 0 ? Number.POSITIVE_INFINITY : Math.floor((until - Date.now()) / 1000);
const bounded = (seconds: number) => Math.max(SHORTEST, Math.min(LONGEST, seconds));

/** As many documents as the resources need. */
function documentsOf(action: string, resources: string[]): PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  let held: string[] = [];
  for (const resource of resources) {
    const longer = [...held, resource];
    if (held.length > 0 && JSON.stringify(documentOf(action, longer)).length > MOST_CHARACTERS) {
      documents.push(documentOf(action, held));
      held = [resource];
    } else held = longer;
  }
  return held.length > 0 ? [...documents, documentOf(action, held)] : documents;
}

const documentOf = (action: string, resources: string[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resources }],
});
