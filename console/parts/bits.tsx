/** Small parts of all pages. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Answer, Listed } from '../call.ts';
import { brief, moment, span } from '../format.ts';
import { useGroupName, useUserName } from '../names.ts';
import { hrefOf } from '../router.ts';
import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { Trouble } from './trouble.tsx';

/** Heading of a page. It takes the focus when the page changes, so that screen readers read it. */
export function Heading({
  title,
  beside,
  tab = title,
}: {
  title: ComponentChildren;
  beside?: ComponentChildren;
  tab?: ComponentChildren;
}) {
  const w = useWords();
  useEffect(() => {
    if (typeof tab === 'string') document.title = `${tab} · ${w.title}`;
  }, [tab, w]);
  return (
    <header class="heading">
      <h1 tabIndex={-1}>{title}</h1>
      {beside}
    </header>
  );
}

interface CardProps {
  title: ComponentChildren;
  beside?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Card({ title, beside, children, class: more = '' }: CardProps) {
  return (
    <section class={`card ${more}`}>
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
      {children}
    </section>
  );
}

/** A user by name, as a link to its page. In short: without the nickname. */
export function UserLink({ id, short = false }: { id: number; short?: boolean }) {
  const w = useWords();
  const name = useUserName(session.value!.names, id);
  return (
    <a class="user" href={hrefOf(['users', id])}>
      {name ? name.username : w.user(id)}
      {!short && name?.nickname && <small> {name.nickname}</small>}
    </a>
  );
}

/** A group by name, as a link to its page. */
export function GroupLink({ id }: { id: number }) {
  const w = useWords();
  const name = useGroupName(session.value!.names, id);
  return (
    <a class="group" href={hrefOf(['groups', id])}>
      {name ?? w.group(id)}
    </a>
  );
}

export const Id = ({ of }: { of: number | string }) => <code class="id">{of}</code>;

export function Badge({
  kind = 'plain',
  children,
}: {
  kind?: 'plain' | 'good' | 'bad' | 'warn';
  children: ComponentChildren;
}) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** A time, in brief; the whole of it as a tooltip. */
export function Time({ ms, plain = false }: { ms: number; plain?: boolean }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={moment(ms)}>
      {plain ? moment(ms) : brief(ms)}
    </time>
  );
}

/** The time now, again every second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** How much time is left, ticking; `−1` is for ever. `ended` is called once at the end. */
export function Left({ ms, ended }: { ms: number; ended?: () => void }) {
  const w = useWords();
  const now = useNow();
  const over = ms !== -1 && now >= ms;
  useEffect(() => {
    if (over) ended?.();
  }, [over]);
  if (ms === -1) return <>{w.forEver}</>;
  return (
    <span class="left" title={moment(ms)}>
      {w.left(span(ms - now, w))}
    </span>
  );
}

/** What an answer shows: a skeleton, the trouble, or its content. */
export function Shown<T>({ answer, children }: { answer: Answer<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, waiting } = answer;
  return (
    <>
      {error !== undefined && <Trouble of={answer} stale={data !== undefined} />}
      {data !== undefined ? children(data) : waiting ? <Skeleton /> : null}
    </>
  );
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  const w = useWords();
  return (
    <div class="skeleton">
      <span class="unseen">{w.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} />
      ))}
    </div>
  );
}

interface RowsProps<T> {
  list: Listed<T>;
  label: string;
  head: readonly string[];
  none: string;
  row: (item: T) => ComponentChildren;
}

/** A table that is loaded page by page. A page may have no row although there are more. */
export function Rows<T>({ list, label, head, none, row }: RowsProps<T>) {
  const w = useWords();
  const { items, ended, waiting, error } = list;
  return (
    <>
      {items.length > 0 && (
        <Table label={label} head={head}>
          {items.map(row)}
        </Table>
      )}
      {items.length === 0 && ended && !waiting && <p class="none">{none}</p>}
      {error !== undefined && <Trouble of={list} stale={items.length > 0} />}
      {waiting && items.length === 0 && <Skeleton />}
      {!ended && (items.length > 0 || (!waiting && error === undefined)) && (
        <p class="more">
          <button type="button" onClick={list.more} aria-busy={waiting}>
            {w.more}
          </button>
        </p>
      )}
    </>
  );
}

/** A table that scrolls by itself where it is too wide. */
export function Table({
  label,
  head,
  children,
}: {
  label: string;
  head: readonly string[];
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls can be reached by the keyboard
    <section class="table" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((text, at) => (
              <th key={`${at}${text}`} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** Names and values. */
export function Facts({
  of,
}: {
  of: readonly (readonly [name: string, value: ComponentChildren] | false | undefined | '')[];
}) {
  return (
    <dl class="facts">
      {of.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A text in which `{name}` stands for the value of that name. */
export function Sentence({ text, values }: { text: string; values: Record<string, ComponentChildren> }) {
  return (
    <>
      {text.split(/\{(\w+)\}/).map((part, at) => (
        // Every second part is a name.
        <span key={`${at}${part}`} class={at % 2 === 1 ? 'value' : ''}>
          {at % 2 === 1 ? values[part] : part}
        </span>
      ))}
    </>
  );
}

export function Copy({ text }: { text: string }) {
  const w = useWords();
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <button type="button" class="quiet" onClick={copy}>
      {copied ? w.copied : w.copy}
    </button>
  );
}
