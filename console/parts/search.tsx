import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useWords } from '../text/words.ts';

interface SearchProps {
  label: string;
  hint: string;
  value: string;
  set(value: string): void;
  children?: ComponentChildren;
}

/** A field that searches while one types, a moment after the last key. */
export function SearchField({ label, hint, value, set, children }: SearchProps) {
  const w = useWords();
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const later = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(typed.trim()), 250);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    clearTimeout(timer.current);
    set(text.trim());
  };
  return (
    <form class="search" aria-label={label} onSubmit={submit}>
      <input
        type="search"
        name="search"
        autocomplete="off"
        spellcheck={false}
        aria-label={label}
        placeholder={hint}
        value={text}
        onInput={(event) => later(event.currentTarget.value)}
      />
      {children}
      <button type="submit" class="unseen">
        {w.search}
      </button>
    </form>
  );
}
