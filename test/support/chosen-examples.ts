import type { Example, Examples } from '../../shared/openapi/document.ts';
import { routes } from '../../shared/routes/index.ts';
import type { Recorded } from './recorder.ts';

/** Written to be read: its calls are chosen before those of other flows. */
const TOUR = 'tour.test.ts';
/** Test files that make random calls, which are not shown. */
const RANDOM = /^any-/;
/** A JSON Web Token. */
const OF_ISSUER = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const TOKEN = /\b(u1\.[0-9a-z]+\.[0-9a-z]+|a1)\.[\w-]{43}\.[\w-]{22}/g;

/** The best call of each operation and code, in the order of the route table. Codes without a new call keep theirs. */
export function chosen(recorded: Recorded[], kept: Examples): Examples {
  const best = new Map<string, Recorded>();
  for (const one of recorded) {
    const key = `${one.id} ${one.answer.code}`;
    const other = best.get(key);
    if (!RANDOM.test(one.test) && (!other || rank(one) < rank(other))) best.set(key, one);
  }
  const entries = routes.map(({ id }) => {
    const codes = new Map(Object.entries(kept[id] ?? {}));
    for (const { id: of, request, answer } of best.values())
      if (of === id) codes.set(String(answer.code), masked({ request, answer }));
    return [id, Object.fromEntries([...codes].sort(([a], [b]) => Number(a) - Number(b)))] as const;
  });
  return Object.fromEntries(entries.filter(([, codes]) => Object.keys(codes).length > 0));
}

/** Lower is better: calls of the tour, then answers with entries, then short ones. */
function rank({ test, request, answer }: Recorded): number {
  const empty = answer.code === 200 && Array.isArray(answer.data) && answer.data.length === 0;
  return (test === TOUR ? 0 : 1e6) + (empty ? 1e5 : 0) + JSON.stringify({ request, answer }).length;
}

/** Without the secret part of tokens, although their apps are gone. */
function masked(example: Example): Example {
  return JSON.parse(
    JSON.stringify(example)
      .replace(TOKEN, (token) => `${token.slice(0, token.lastIndexOf('.') - 35)}…`)
      .replace(OF_ISSUER, (token) => `${token.slice(0, 20)}…`),
  );
}
