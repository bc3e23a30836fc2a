/** A long table of which only the rows in sight are drawn. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface VirtualProps {
  label: string;
  head: readonly string[];
  /** Rows of the whole list, also those that are not loaded yet. */
  count: number;
  loaded: number;
  /** Cells of a row. */
  row: (index: number) => ComponentChildren;
  /** Called with the last row in sight whenever it changes, or more is loaded. */
  reach(last: number): void;
}

/** Height of a row (px); the style sheet has the same. */
const ROW = 36;
/** Rows that are drawn above and below. */
const BEYOND = 6;
/** Rows are drawn in steps of so many, so that scrolling by one draws nothing. */
const STEP = 10;

export function Virtual({ label, head, count, loaded, row, reach }: VirtualProps) {
  const box = useRef<HTMLElement>(null);
  const [first, setFirst] = useState(0);
  const [seen, setSeen] = useState(30);
  const look = () => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    setFirst(Math.floor(scrollTop / ROW / STEP) * STEP);
    setSeen(Math.ceil(clientHeight / ROW));
  };
  useLayoutEffect(look, []);
  useEffect(() => {
    const sizes = new ResizeObserver(look);
    if (box.current) sizes.observe(box.current);
    return () => sizes.disconnect();
  }, []);
  const from = Math.max(0, Math.min(first, count) - BEYOND);
  const to = Math.min(count, first + seen + STEP + BEYOND);
  useEffect(() => reach(to), [to, count, loaded]);
  const rows: ComponentChildren[] = [];
  for (let index = from; index < to; index++)
    rows.push(
      <tr key={index} aria-rowindex={index + 2}>
        {row(index)}
      </tr>,
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls can be reached by the keyboard
    <section class="virtual" ref={box} onScroll={look} aria-label={label} tabIndex={0}>
      <table aria-rowcount={count + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {head.map((text, at) => (
              <th key={`${at}${text}`} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={from} />
          {rows}
          <Space rows={count - to} />
        </tbody>
      </table>
    </section>
  );
}

/** Room for rows that are not drawn. */
const Space = ({ rows }: { rows: number }) => <tr class="space" style={{ height: `${rows * ROW}px` }} />;
