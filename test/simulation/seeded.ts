/** Ids, waiting and the date of the code under test follow the simulation's seed and clock: import it in a test file. */
import { afterAll, beforeAll, vi } from 'vitest';
import { nextId, nextRandom } from './runner.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => (await import('./scheduler.ts')).pause(ms),
}));
// Real time does not end a request: the scheduler says which ones are not answered. It would not know of this one.
vi.mock('../../shared/deadline.ts', async (original) => ({
  ...(await original<typeof import('../../shared/deadline.ts')>()),
  attempt: <T>(_most: number, send: (signal: AbortSignal) => Promise<T>) => send(new AbortController().signal),
}));
// It would follow from a name and a secret that are random.
vi.mock('../../shared/domain/user/likely-id.ts', async (original) => ({
  ...(await original<typeof import('../../shared/domain/user/likely-id.ts')>()),
  likelyId: () => nextId(),
}));
vi.mock('../../shared/ids.ts', () => ({ newId: () => nextId(), newRandom: () => nextRandom() }));

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());
