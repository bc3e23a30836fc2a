import { hostOfService, signedHeaders } from '../aws-signing.ts';
import { attempt, Patience } from '../deadline.ts';

/**
 * SQS, EventBridge and Lambda by HTTP. Their clients in the SDK would add 85 KB and more: see
 * docs/decisions/0069-fan-out-and-webhooks.md.
 */

/** Where a service is, and what signs requests to it. */
interface Place {
  /** Name in signatures and in the address. */
  name: 'sqs' | 'events' | 'lambda';
  /** Name in the variable that the SDK too takes the address from. */
  variable: 'AWS_ENDPOINT_URL_SQS' | 'AWS_ENDPOINT_URL_EVENTBRIDGE' | 'AWS_ENDPOINT_URL_LAMBDA';
}

interface Service extends Place {
  /** Begins the target of a request. */
  prefix: string;
  type: string;
}
export const SQS: Service = {
  name: 'sqs',
  variable: 'AWS_ENDPOINT_URL_SQS',
  prefix: 'AmazonSQS',
  type: 'application/x-amz-json-1.0',
};
export const EVENTBRIDGE: Service = {
  name: 'events',
  variable: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
  prefix: 'AWSEvents',
  type: 'application/x-amz-json-1.1',
};
const LAMBDA: Place = { name: 'lambda', variable: 'AWS_ENDPOINT_URL_LAMBDA' };

/** Milliseconds that a service may take to answer, and for which a request is sent again that it does not take. */
const ANSWER = 3000;
export const FAULTS = 3000;

function addressOf({ name, variable }: Place): URL {
  const endpoint = process.env[variable];
  return new URL(endpoint || `https://${hostOfService(name)}`);
}

/**
 * Sends one request, again while the service throttles it or does not answer.
 * @throws Unavailable where that lasts
 * @throws Error where the service refuses it
 */
export async function request<T>(service: Service, operation: string, input: object): Promise<T> {
  const headers = { 'content-type': service.type, 'x-amz-target': `${service.prefix}.${operation}` };
  const text = await post(service, '/', headers, JSON.stringify(input), `${service.prefix}.${operation}`);
  return JSON.parse(text) as T;
}

/**
 * Lambda runs a function with this event, some time later.
 * @throws Unavailable, Error as `request`; it may run all the same then
 */
export async function invokeLater(functionName: string, event: object): Promise<void> {
  const path = `/2015-03-31/functions/${functionName}/invocations`;
  const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' };
  await post(LAMBDA, path, headers, JSON.stringify(event), `Invoke of ${functionName}`);
}

/** @param what for messages of errors */
async function post(place: Place, path: string, own: Record<string, string>, body: string, what: string) {
  const patience = new Patience(FAULTS, `${what} gets no answer now`);
  const { protocol, host } = addressOf(place);
  for (;;) {
    const headers = signedHeaders(place.name, {
      method: 'POST',
      host,
      path,
      headers: own,
      body,
    });
    const answer = await attempt(ANSWER, (signal) =>
      fetch(`${protocol}//${host}${path}`, { method: 'POST', headers, body, signal })
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch((error: Error) => error),
    );
    if (!(answer instanceof Error)) {
      if (answer.status === 200 || answer.status === 202) return answer.text;
      const passes = answer.status >= 500 || answer.status === 429 || /Throttl|Limit|Busy/.test(answer.text);
      if (!passes) throw new Error(`${what} is refused: ${answer.status} ${answer.text}`);
    }
    await patience.again(answer instanceof Error ? answer : `${answer.status} ${answer.text}`);
  }
}
