import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';

/** A client of the SDK, of which `watch` sees each request and sends it: its other methods send by `send`. */
export function watched<C extends { send: object }>(
  client: C,
  watch: (command: { input: object }, send: () => Promise<unknown>) => Promise<unknown>,
): C {
  return new Proxy(client, {
    get: (target, name) => {
      if (name !== 'send') return Reflect.get(target, name);
      const send = target.send as (...all: unknown[]) => Promise<unknown>;
      return (...given: [{ input: object }, ...unknown[]]) => watch(given[0], () => send.apply(target, given));
    },
  });
}

/**
 * A client that dies around some writes: before the database has them, or after, so that nobody learns the outcome.
 * @param draw a number from 0 to 1 for the input of a write
 */
export const dying = (client: DynamoDBDocument, draw: (input: object) => number): DynamoDBDocument =>
  watched(client, async (command, send) => {
    const luck = /Put|Transact/.test(command.constructor.name) ? draw(command.input) : 1;
    if (luck < 0.15) throw new Error('died before the write');
    const answer = await send();
    if (luck < 0.3) throw new Error('died after the write');
    return answer;
  });
