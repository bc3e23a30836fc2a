/** Schedule expressions: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html */
import { pause } from '../pause.ts';
import { StartUpError } from '../start-up.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UNITS: Record<string, number> = { minute: MINUTE, hour: 60 * MINUTE, day: DAY };
/** Milliseconds: a timer of more than 24 days would fire at once. */
const LONGEST_SLEEP = DAY;

/** The first time of a schedule after another time; undefined if there is none. Milliseconds since 1970. */
export type NextRun = (after: number) => number | undefined;

/** @throws StartUpError for an expression that is unknown here */
export function parseSchedule(expression: string): NextRun {
  const [, value, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (value && unit) return (after) => after + Number(value) * UNITS[unit]!;
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/);
  if (fields?.length !== 6) throw unknown(expression);
  const [minutes, hours, days, months, weekdays, years] = fields.map((field, index) =>
    parseField(field, index, expression),
  ) as [Field, Field, Field, Field, Field, Field];
  return (after) => {
    const last = after + 366 * DAY;
    for (let time = Math.floor(after / MINUTE + 1) * MINUTE; time <= last; ) {
      const date = new Date(time);
      const isDay =
        days(date.getUTCDate()) &&
        months(date.getUTCMonth() + 1) &&
        weekdays(date.getUTCDay() + 1) &&
        years(date.getUTCFullYear());
      if (isDay && hours(date.getUTCHours()) && minutes(date.getUTCMinutes())) return time;
      time = isDay ? time + MINUTE : (Math.floor(time / DAY) + 1) * DAY;
    }
    return undefined;
  };
}

type Field = (value: number) => boolean;

const NAMES: Record<number, string[]> = {
  3: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  4: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};

/** A field such as `5`, `MON-FRI`, `0/15` or `1,2`. */
function parseField(field: string, index: number, expression: string): Field {
  const choices = field.split(',').map((part): Field => {
    const [, from = '', to, step] = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const number = (text: string): number => {
      const found = NAMES[index]?.indexOf(text.toUpperCase()) ?? -1;
      if (found < 0 && !/^\d+$/.test(text)) throw unknown(expression);
      return found < 0 ? Number(text) : found + 1;
    };
    const isAny = from === '*' || from === '?';
    const least = isAny ? 0 : number(from);
    const most = to ? number(to) : isAny || step ? Number.POSITIVE_INFINITY : least;
    return (value) => value >= least && value <= most && (value - least) % Number(step ?? 1) === 0;
  });
  return (value) => choices.some((matches) => matches(value));
}

const unknown = (expression: string) => new StartUpError(`The laptop stack does not know the schedule ${expression}.`);

/** Calls `run` at each time of the schedule until the signal. The first one is not the start itself. */
export async function followSchedule(nextRun: NextRun, run: () => void, signal: AbortSignal): Promise<void> {
  for (let at = nextRun(Date.now()); at !== undefined && !signal.aborted; ) {
    const wait = Math.min(Math.max(at - Date.now(), 0), LONGEST_SLEEP);
    await pause(wait, signal);
    if (signal.aborted || Date.now() < at) continue;
    run();
    at = nextRun(Date.now());
  }
}
