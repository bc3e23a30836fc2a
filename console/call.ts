/** Calls of components: what they answered, whether they wait, and why they failed. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, type Page } from '../client/roster.ts';
import { leave } from './session.ts';

/** Ends the session where the error says that the token is no longer good. @returns whether it did */
export function endedBy(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.is('loginAgain')) leave('expired');
  else if (error.is('badToken') || error.is('appMissing')) leave('wrong');
  else return false;
  return true;
}

export interface Answer<T> {
  data: T | undefined;
  error: unknown;
  waiting: boolean;
  again(): void;
  /** Shows this from now on, until the next answer. */
  set(data: T): void;
}

/** Makes the call now and whenever `of` changes. What was answered stays until there is something newer. */
export function useCall<T>(call: (signal: AbortSignal) => Promise<T>, of: readonly unknown[]): Answer<T> {
  const [state, setState] = useState<{ data?: T; error?: unknown; waiting: boolean }>({ waiting: true });
  const [round, setRound] = useState(0);
  const last = useRef<readonly unknown[]>(of);
  useEffect(() => {
    const end = new AbortController();
    const same = last.current.every((value, index) => Object.is(value, of[index]));
    last.current = of;
    // What belongs to something else is not shown any longer.
    setState(({ data }) => ({ waiting: true, ...(same && data !== undefined && { data }) }));
    call(end.signal).then(
      (data) => !end.signal.aborted && setState({ data, waiting: false }),
      (error) => {
        if (end.signal.aborted || endedBy(error)) return;
        setState(({ data }) => ({ error, waiting: false, ...(data !== undefined && { data }) }));
      },
    );
    return () => end.abort();
  }, [...of, round]);
  return {
    data: state.data,
    error: state.error,
    waiting: state.waiting,
    again: useCallback(() => setRound((number) => number + 1), []),
    set: useCallback((data: T) => setState({ data, waiting: false }), []),
  };
}

export interface Listed<T> {
  items: readonly T[];
  total: number | undefined;
  /** Whether there is nothing more to load. */
  ended: boolean;
  error: unknown;
  waiting: boolean;
  more(): void;
  again(): void;
}

type PageOf<T> = Pick<Page<T>, 'data' | 'cursor' | 'total'>;

/** A list that is loaded page by page. It begins anew whenever `of` changes. */
export function useList<T>(
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
  of: readonly unknown[],
): Listed<T> {
  interface State {
    items: readonly T[];
    cursor?: string | undefined;
    total?: number | undefined;
    ended: boolean;
    error?: unknown;
    waiting: boolean;
  }
  const [state, setState] = useState<State>({ items: [], ended: false, waiting: true });
  const [round, setRound] = useState(0);
  const end = useRef<AbortController | undefined>(undefined);
  const now = useRef(state);
  const update = (next: State) => {
    now.current = next;
    setState(next);
  };
  const read = (begin: State) => {
    end.current = new AbortController();
    const { signal } = end.current;
    update({ ...begin, waiting: true, error: undefined });
    load(begin.cursor, signal).then(
      ({ data, cursor, total }) => {
        if (signal.aborted) return;
        const items = begin.items.length === 0 ? data : [...begin.items, ...data];
        update({ items, cursor, total: total ?? begin.total, ended: cursor === undefined, waiting: false });
      },
      (error) => {
        if (!signal.aborted && !endedBy(error)) update({ ...begin, error, waiting: false });
      },
    );
  };
  useEffect(() => {
    read({ items: [], ended: false, waiting: true });
    return () => end.current?.abort();
  }, [...of, round]);
  const { items, total, ended, error, waiting } = state;
  return {
    items,
    total,
    ended,
    error,
    waiting,
    more: () => {
      if (!now.current.waiting && !now.current.ended) read(now.current);
    },
    again: () => (now.current.items.length > 0 && now.current.error ? read(now.current) : setRound((n) => n + 1)),
  };
}
