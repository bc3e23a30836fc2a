/** What the calls are made with, and what they must find. */
export interface Facts {
  api_endpoint: string;
  app_id: string;
  admin_token: string;
}

export const PASSWORD = 'correct-horse';

export function expectEqual<T>(found: T, expected: T, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** The answer of a success; an answer with an error code, or without data, fails the check. */
export function success<A extends { code: number }>(what: string, answer: A | undefined): Extract<A, { code: 200 }> {
  if (answer?.code !== 200) throw new Error(`${what}: ${JSON.stringify(answer)}`);
  return answer as Extract<A, { code: 200 }>;
}
