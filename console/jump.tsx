/** The field that leads to a user or a group from everywhere. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { endedBy } from './call.ts';
import { findGroups } from './lookup.ts';
import { sentenceOf } from './parts/trouble.tsx';
import { hrefOf, place } from './router.ts';
import { session } from './session.ts';
import { useStore } from './store.ts';
import { useWords } from './text/words.ts';

interface Target {
  href: string;
  kind: 'users' | 'groups';
  name: string;
  id: number;
}

/** Waits so long (ms) after a key before it searches. */
const AFTER_KEY = 180;
const SHOWN = 6;

export function Jump() {
  const w = useWords();
  const { path } = useStore(place);
  const [text, setText] = useState('');
  const [found, setFound] = useState<Target[] | undefined>();
  const [error, setError] = useState<unknown>();
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();

  useEffect(() => setText(''), [path.join('/')]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const { target, key } = event;
      if (key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof HTMLElement && target.closest('input, textarea, select, dialog')) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  useEffect(() => {
    setFound(undefined);
    setError(undefined);
    const wanted = text.trim();
    if (!wanted) return;
    const end = new AbortController();
    const timer = setTimeout(() => {
      search(wanted, end.signal).then(
        (targets) => {
          if (end.signal.aborted) return;
          setAt(0);
          setFound(targets);
        },
        (thrown) => {
          if (!end.signal.aborted && !endedBy(thrown)) setError(thrown);
        },
      );
    }, AFTER_KEY);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [text]);

  const leaveTo = (target: Target | undefined) => {
    if (!target) return;
    setText('');
    location.hash = target.href;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const count = found?.length ?? 0;
    if (event.key === 'ArrowDown' && count > 0) setAt((at + 1) % count);
    else if (event.key === 'ArrowUp' && count > 0) setAt((at + count - 1) % count);
    else if (event.key === 'Enter') leaveTo(found?.[at]);
    else if (event.key === 'Escape') setText('');
    else return;
    event.preventDefault();
  };
  const open = found !== undefined || error !== undefined;
  return (
    <search class="jump">
      <input
        ref={field}
        type="search"
        // biome-ignore lint/a11y/noRedundantRoles: without a list the role is not implied
        role="combobox"
        list={undefined}
        name="jump"
        autocomplete="off"
        spellcheck={false}
        aria-label={w.nav.jump}
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        {...(found && found.length > 0 && { 'aria-activedescendant': `${list}-${at}` })}
        placeholder={w.nav.jump}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => setTimeout(() => setFound(undefined), 200)}
      />
      <kbd>/</kbd>
      <div id={list} role="listbox" aria-label={w.nav.jump} class="targets" hidden={!open || !found?.length}>
        {found?.map((target, index) => (
          // The field handles the keys.
          // biome-ignore lint/a11y/useKeyWithClickEvents: see above
          <div
            key={target.href}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => leaveTo(target)}
          >
            <b>{target.name}</b>
            <small>{target.kind === 'users' ? w.user(target.id) : w.group(target.id)}</small>
          </div>
        ))}
      </div>
      {(error !== undefined || found?.length === 0) && (
        <p class="targets" role="status">
          {error === undefined ? w.nav.jumpNone : sentenceOf(error, w)}
        </p>
      )}
    </search>
  );
}

async function search(text: string, signal: AbortSignal): Promise<Target[]> {
  const { client } = session.value!;
  const options = { signal };
  const by = /^[1-9]\d{0,15}$/.test(text)
    ? { user_id: Number(text) }
    : /^\+\d{5,15}$/.test(text)
      ? { mobile: text }
      : { prefix: text, limit: SHOWN };
  const [users, groups] = await Promise.all([
    client.admin.userSearch(by, options),
    findGroups(session.value!, text, signal),
  ]);
  return [
    ...users.data.map(({ user_id, username }) => ({
      href: hrefOf(['users', user_id]),
      kind: 'users' as const,
      name: username,
      id: user_id,
    })),
    ...groups.slice(0, SHOWN).map(({ group_id, name }) => ({
      href: hrefOf(['groups', group_id]),
      kind: 'groups' as const,
      name,
      id: group_id,
    })),
  ];
}
