import type { Random } from '../../infra/local/random.ts';
import { incomingObject } from '../../shared/storage/names.ts';
import { type Created, deliver } from '../support/files.ts';
import type { Bucket } from './bucket.ts';
import type { Model } from './model.ts';
import { type Scheduler, sound, type Task } from './scheduler.ts';

/** A form for an upload; `user` 0: the app's. `url` is the address that the upload is registered by. */
export interface Form {
  group: number;
  user: number;
  random: string;
  url: string;
}

/** An address that a client may upload to, perhaps more than once. */
interface Address {
  key: string;
  /** What it takes; a form takes any. */
  size?: number;
}

/** The clients that upload, and the deliveries of the events of their uploads. */
export class Files {
  readonly #app: string;
  readonly #bucket: Bucket;
  readonly #random: Random;
  readonly #model: Model;
  readonly #scheduler: Scheduler;
  /** All that were issued. */
  readonly forms: Form[] = [];
  readonly #addresses: Address[] = [];
  #unused: Address[] = [];
  readonly #events: Created[] = [];
  /** Events still to be delivered; one whose delivery fails is delivered again. */
  #waiting: Created[] = [];
  /** Keys of uploads of which a delivery died, or lost the answer to its copy. */
  readonly #cutOff = new Set<string>();
  /** The model's version when each delivery began. */
  readonly begun = new Map<Task, number>();

  constructor(app: string, bucket: Bucket, random: Random, model: Model, scheduler: Scheduler) {
    this.#app = app;
    this.#bucket = bucket;
    this.#random = random;
    this.#model = model;
    this.#scheduler = scheduler;
  }

  get canUpload(): boolean {
    return this.#addresses.length > 0;
  }

  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  /** A client got the answer to a reservation. */
  reserved(address: Address): void {
    this.#addresses.push(address);
    this.#unused.push(address);
  }

  issued(form: Form): void {
    this.forms.push(form);
    this.reserved({ key: incomingObject(this.#app, form.group, form.random) });
  }

  /** A client uploads: mostly for the first time, else again or late, when the reservation or the group is gone. */
  async upload(): Promise<void> {
    const random = this.#random;
    const address = random.one(this.#unused.length > 0 && random.chance(0.6) ? this.#unused : this.#addresses);
    this.#unused = this.#unused.filter((one) => one !== address);
    const content = random.one(['a', 'b', 'c']).repeat(address.size ?? random.whole(1, 2));
    const task: Task = { ...sound(), slow: random.chance(0.3) };
    await this.#scheduler.start(task, () =>
      this.#scheduler.turn(task, async () => {
        const { size, etag } = this.#bucket.put(address.key, content);
        const event = { key: address.key, size, etag };
        this.#events.push(event);
        this.#waiting.push(event);
      }),
    );
  }

  /** One delivery of an event, in any order, sometimes of one that was delivered already. */
  async deliver(faults: number): Promise<void> {
    const again = this.#waiting.length === 0 || this.#random.chance(0.2);
    const event = this.#random.one(again ? this.#events : this.#waiting);
    if (!again) this.#waiting = this.#waiting.filter((one) => one !== event);
    const task: Task = { faults, dead: false, slow: this.#random.chance(0.5) };
    this.begun.set(task, this.#model.version);
    await this.#scheduler
      .start(task, () => deliver(event))
      .then(() => {
        if (task.unheard) this.#cutOff.add(event.key);
      })
      .catch(() => {
        this.#waiting.push(event);
        this.#cutOff.add(event.key);
      });
  }

  /** All events are delivered in the end. @returns what is under way */
  deliverAll(failed: (failure: string) => void): Promise<void>[] {
    return this.#waiting.splice(0).map(async (event) => {
      const task = sound();
      this.begun.set(task, this.#model.version);
      await this.#scheduler
        .start(task, () => deliver(event))
        .catch((error) => failed(`the event of ${event.key} fails: ${error.stack}`));
    });
  }

  /** Keys of uploads whose copy may be left: a delivery was cut off, and a later one found other content. */
  get replaced(): string[] {
    const contents = (key: string) =>
      new Set(this.#events.filter((event) => event.key === key).map(({ etag }) => etag));
    return [...this.#cutOff].filter((key) => contents(key).size > 1);
  }
}
