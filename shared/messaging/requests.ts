import { hostOfService, signedHeaders } from '../aws-signing.ts';
import { attempt, Patience } from '../deadline.ts';

/**
 * SQS and EventBridge in AWS's JSON protocols. Their clients in the SDK would add 85 KB: see
 * docs/decisions/0069-fan-out-and-webhooks.md.
 */

interface Service {
  /** Name in signatures and in the address. */
  name: 'sqs' | 'events';
  /** Name in the variable that the SDK too takes the address from. */
  variable: 'AWS_ENDPOINT_URL_SQS' | 'AWS_ENDPOINT_URL_EVENTBRIDGE';
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

/** Milliseconds that a service may take to answer, and for which a request is sent again that it does not take. */
const ANSWER = 3000;
export const FAULTS = 3000;

function addressOf({ name, variable }: Service): URL {
  const endpoint = process.env[variable];
  return new URL(endpoint || `https://${hostOfService(name)}`);
}

/**
 * Sends one request, again while the service throttles it or does not answer.
 * @throws Unavailable where that lasts
 * @throws Error where the service refuses it
 */
export async function request<T>(service: Service, operation: string, input: object): Promise<T> {
  const patience = new Patience(FAULTS, `${service.prefix} does not answer now`);
  const { protocol, host } = addressOf(service);
  const body = JSON.stringify(input);
  for (;;) {
    const headers = signedHeaders(service.name, {
      method: 'POST',
      host,
      path: '/',
      headers: { 'content-type': service.type, 'x-amz-target': `${service.prefix}.${operation}` },
      body,
    });
    const answer = await attempt(ANSWER, (signal) =>
      fetch(`${protocol}//${host}/`, { method: 'POST', headers, body, signal })
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch((error: Error) => error),
    );
    if (!(answer instanceof Error)) {
      if (answer.status === 200) return JSON.parse(answer.text) as T;
      const passes = answer.status >= 500 || answer.status === 429 || /Throttl|Limit|Busy/.test(answer.text);
      if (!passes) throw new Error(`${service.prefix} refuses ${operation}: ${answer.status} ${answer.text}`);
    }
    await patience.again(answer instanceof Error ? answer : `${answer.status} ${answer.text}`);
  }
}
