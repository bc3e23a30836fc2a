/** A long list of which only the rows in sight are drawn. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface VirtualProps {
  label: string;
  head: readonly ComponentChildren[];
  /** Rows of the whole list, also those that are not loaded yet. */
  count: number;
  row: (index: number) => ComponentChildren;
  /** Called with the last row in sight whenever it changes. */
  reach(last: number): void;
}

/** Height of a row (px); the style sheet has the same. */
export const ROW = 36;
/** Rows that are drawn above and below. */
const BEYOND = 10;
/** Rows are drawn in steps of so many, so that scrolling by a row draws nothing. */
const STEP = 5;

export function Virtual({ label, head, count, row, reach }: VirtualProps) {
  const box = useRef<HTMLDivElement>(null);
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
  useEffect(() => reach(to), [to, count]);
  const rows: ComponentChildren[] = [];
  for (let index = from; index < to; index++)
    rows.push(
      <div role="row" class="row" key={index} aria-rowindex={index + 2}>
        {row(index)}
      </div>,
    );
  return (
    <div class="virtual" role="table" aria-label={label} aria-rowcount={count + 1}>
      <div role="rowgroup">
        <div role="row" class="row head" aria-rowindex={1}>
          {head.map((text, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the columns never change
            <span role="columnheader" key={at}>
              {text}
            </span>
          ))}
        </div>
      </div>
      {/* A part that scrolls can be reached by the keyboard. */}
      <div role="rowgroup" class="scroller" ref={box} onScroll={look} tabIndex={0}>
        <div class="all" role="presentation" style={{ height: `${count * ROW}px` }}>
          <div role="presentation" style={{ transform: `translateY(${from * ROW}px)` }}>
            {rows}
          </div>
        </div>
      </div>
    </div>
  );
}
