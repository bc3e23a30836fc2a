import { ApiError, TransportError } from '../../client/roster.ts';
import type { Answer, Listed } from '../call.ts';
import { useWords, type Words } from '../text/words.ts';

/** What a person is told as it is. Nothing was changed. */
export class Told extends Error {}

/** What went wrong, in a sentence. */
export function sentenceOf(error: unknown, w: Words): string {
  const { trouble } = w;
  if (error instanceof Told) return error.message;
  if (error instanceof ApiError) {
    const meaning = (w.codes as Record<number, string>)[error.code];
    // The message names the field or the scope; the meaning of others is in the person's language.
    if (error.is('badParameter') || error.is('scopeMissing')) return trouble.code(error.code, error.message);
    return trouble.code(error.code, meaning ?? error.message);
  }
  if (error instanceof TransportError) return error.status === 429 ? trouble.busy : trouble.fault(error.status);
  if (error instanceof DOMException && error.name === 'TimeoutError') return trouble.timeout;
  // `fetch` throws a TypeError where there is no connection, or where the service does not let this page call it.
  if (error instanceof TypeError) return trouble.offline;
  return trouble.unknown(error instanceof Error ? error.message : String(error));
}

/** Whether it is unknown that the call took effect. */
export const mayHaveHappened = (error: unknown): boolean =>
  !(error instanceof ApiError || error instanceof Told) && !(error instanceof TransportError && error.status === 429);

interface TroubleProps {
  of: Pick<Answer<unknown> | Listed<unknown>, 'error' | 'again'>;
  /** Whether something older is still shown. */
  stale?: boolean;
}

/** Why something is not shown, and a button to try again. Nothing where there is no trouble. */
export function Trouble({ of: { error, again }, stale = false }: TroubleProps) {
  const w = useWords();
  if (!error) return null;
  return (
    <p class="trouble" role="alert">
      <span>
        {sentenceOf(error, w)} {stale && w.trouble.stale}
      </span>
      <button type="button" onClick={again}>
        {w.again}
      </button>
    </p>
  );
}
