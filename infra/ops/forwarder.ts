import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { headersOf } from '../../shared/domain/event/delivery.ts';
import { newSecret } from '../../shared/domain/event/endpoints.ts';
import type { RosterEvent } from '../../shared/events/catalogue.ts';

/** Waits before the attempts (ms): a developer looks on. */
const WAITS = [0, 1000, 3000, 10_000];
/** The longest that one attempt may take (ms), as for real endpoints. */
const LONGEST = 15_000;

/** Posts events to one address, one after the other, signed as those of a real endpoint. */
export class Forwarder {
  readonly #url: URL;
  readonly #secret: string;
  readonly #note: (line: string) => void;
  readonly #signal: AbortSignal | undefined;
  /** The receiver has answered 410: it wants no more events. */
  gone = false;

  /** @param note reports the secret, and what the receiver answers */
  constructor(url: URL, secret = newSecret(), note: (line: string) => void, signal?: AbortSignal) {
    this.#url = url;
    this.#secret = secret;
    this.#note = note;
    this.#signal = signal;
    note(`Forwarding to ${url.href}, signed with WEBHOOK_SECRET=${secret}`);
  }

  /** @returns whether the receiver has taken the event */
  async send(event: RosterEvent): Promise<boolean> {
    const body = JSON.stringify(event);
    for (const wait of WAITS) {
      await sleep(wait, undefined, { signal: this.#signal }).catch(() => {});
      if (this.#signal?.aborted) return false;
      const { status, error } = await this.#post(event.id, body);
      const taken = status !== undefined && status >= 200 && status < 300;
      this.gone = status === 410;
      const number = Number(event.sequence);
      if (!taken) this.#note(`  #${number} was not taken: ${error ?? `the receiver answered ${status}`}`);
      if (taken || this.gone) return taken;
    }
    this.#note(`  #${Number(event.sequence)} was given up after ${WAITS.length} attempts`);
    return false;
  }

  async #post(id: string, body: string): Promise<{ status?: number; error?: string }> {
    const timeout = AbortSignal.timeout(LONGEST);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: headersOf({ secrets: [{ secret: this.#secret }] }, id, body, Date.now()),
        body,
        redirect: 'manual',
        signal: this.#signal ? AbortSignal.any([timeout, this.#signal]) : timeout,
      });
      await response.body?.cancel();
      return { status: response.status };
    } catch (error) {
      const { name, message, cause } = error as Error;
      if (name === 'TimeoutError') return { error: `no answer within ${LONGEST / 1000} s` };
      return { error: (cause as NodeJS.ErrnoException)?.code ?? message };
    }
  }
}

const PREFIX = 'whsec_';

/** Parses a secret of Standard Webhooks. */
export function secretArgument(text: string): string {
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64').length;
  if (!text.startsWith(PREFIX) || bytes < 24 || bytes > 64)
    throw new InvalidArgumentError('A secret is whsec_ and the base64 of 24 to 64 bytes.');
  return text;
}
