/** Events from the newest backwards. The API reads forwards, so windows of the feed are read, the last one first. */
import { type CallOptions, type Client, EventsGone, type RosterEvent } from '../client/roster.ts';

export interface EventFilter {
  types?: string;
  user_id?: number;
  group_id?: number;
}

/** Events that one step looks for, and at most how many calls it makes. */
const WANTED = 40;
const MOST_CALLS = 8;
/** Events that the service looks at in one call with a filter. */
const WINDOW = 1000;

export const numberOf = ({ sequence }: { sequence: string }): number => Number(sequence);
export const sequenceOf = (number: number): string => String(number).padStart(16, '0');

export class Past {
  readonly #client: Client;
  readonly #filter: EventFilter;
  readonly #window: number;
  /** Number of the oldest event that is kept, and of the oldest one that was looked at. */
  #floor = 1;
  #looked: number | undefined;
  /** Number of the newest event at the beginning. */
  head = 0;
  /** Time of the oldest event that is kept (ms). */
  ended = false;

  constructor(client: Client, filter: EventFilter) {
    this.#client = client;
    this.#filter = filter;
    this.#window = Object.values(filter).some((value) => value !== undefined) ? WINDOW : WANTED;
  }

  /** The next older events, the newest first. May be empty although there are more: `ended` tells. */
  async older(options: CallOptions = {}): Promise<RosterEvent[]> {
    if (this.#looked === undefined) {
      const first = await this.#client.event.list({ limit: 1 }, options);
      this.head = Number(first.head);
      this.#floor = first.data[0] ? numberOf(first.data[0]) : this.head + 1;
      this.#looked = this.head + 1;
    }
    const found: RosterEvent[] = [];
    for (let call = 0; call < MOST_CALLS && found.length < WANTED && this.#looked > this.#floor; call++) {
      const from = Math.max(this.#floor, this.#looked - this.#window);
      const events = await this.#between(from, this.#looked, options);
      found.push(...events.reverse());
      this.#looked = Math.min(this.#looked, Math.max(from, this.#floor));
    }
    this.ended = this.#looked <= this.#floor;
    return found;
  }

  /** Events from one number to before another. */
  async #between(from: number, to: number, options: CallOptions): Promise<RosterEvent[]> {
    const found: RosterEvent[] = [];
    for (let after = from - 1; after < to - 1; ) {
      try {
        const limit = Math.min(WINDOW, to - 1 - after);
        const asked = { ...(after > 0 && { after: sequenceOf(after) }), limit, ...this.#filter };
        const page = await this.#client.event.list(asked, options);
        found.push(...page.data.filter((event) => numberOf(event) < to));
        if (Number(page.next) <= after) break;
        after = Number(page.next);
      } catch (error) {
        // Meanwhile the service has forgotten the oldest ones.
        if (!(error instanceof EventsGone)) throw error;
        const oldest = error.oldest === undefined ? to : Number(error.oldest);
        this.#floor = Math.max(this.#floor, oldest);
        after = Math.max(after + 1, oldest - 1);
      }
    }
    return found;
  }
}
