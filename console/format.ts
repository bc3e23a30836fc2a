/** How numbers, times and sizes are written, in the chosen language. */
import { language, type Words } from './text/words.ts';

const tag = () => (language.value === 'zh' ? 'zh-CN' : undefined);

export const count = (value: number): string =>
  value.toLocaleString(tag(), { maximumFractionDigits: value < 10 && value % 1 !== 0 ? 1 : 0 });

/** `1,234` where it is short, `1.2M` where not. */
export const short = (value: number): string =>
  value < 100_000 ? count(value) : value.toLocaleString(tag(), { notation: 'compact', maximumFractionDigits: 1 });

export const dollars = (value: number): string =>
  `$${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 4 : 2 })}`;

export const bytes = (size: number): string => {
  const units = ['B', 'KB', 'MB', 'GB'];
  let at = 0;
  let value = size;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${value.toLocaleString(tag(), { maximumFractionDigits: value < 10 && at > 0 ? 1 : 0 })} ${units[at]}`;
};

/** Formats are kept: making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function written(ms: number, name: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${tag()} ${name}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(tag(), options);
  formats.set(key, format);
  return format.format(ms);
}

/** Date and time to the second. */
export const moment = (ms: number): string => written(ms, 'moment', { dateStyle: 'medium', timeStyle: 'medium' });

/** The time today, and the date on other days. */
export function brief(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const today = new Date(now);
  if (Math.abs(ms - now) < 86_400_000 && date.getDate() === today.getDate())
    return written(ms, 'today', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  if (date.getFullYear() === today.getFullYear())
    return written(ms, 'year', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  return written(ms, 'other', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}

export const hour = (ms: number): string =>
  written(ms, 'hour', { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/** `2 d 4 h`, `3 min 20 s`: the two largest units. */
export function span(ms: number, { units }: Words): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), units.d],
    [Math.floor(seconds / 3600) % 24, units.h],
    [Math.floor(seconds / 60) % 60, units.min],
    [seconds % 60, units.s],
  ];
  const from = parts.findIndex(([value]) => value > 0);
  if (from === -1) return `0 ${units.s}`;
  return parts
    .slice(from, from + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}
