import { expect } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';

/** Makes a call in this process, and something else after it has read and before its transaction. */
export async function meanwhile<T>(call: () => Promise<T>, act: () => Promise<unknown>): Promise<T> {
  let acted = false;
  documentClient().middlewareStack.add(
    ((next: (args: object) => Promise<object>) => async (args: { input: { TransactItems?: object } }) => {
      if (args.input.TransactItems && !acted) {
        acted = true;
        await act();
      }
      return next(args);
    }) as never,
    { step: 'initialize', name: 'meanwhile' } as never,
  );
  try {
    const result = await call();
    expect(acted).toBe(true);
    return result;
  } finally {
    documentClient().middlewareStack.remove('meanwhile');
  }
}
