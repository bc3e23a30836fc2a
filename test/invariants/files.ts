import type { Random } from '../../infra/local/random.ts';
import { isReserved, type SharedFile } from '../../shared/data/file-repo.ts';
import { groupIn } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { checkFiles } from '../../shared/domain/app/files.ts';
import type { Limits } from '../../shared/limits.ts';
import { FILES, fileObject, INCOMING, incomingObject, randomOf, reservedFile } from '../../shared/storage/names.ts';
import { type Created, deliver } from '../support/files.ts';
import type { Bucket } from './bucket.ts';
import type { Ask, Form } from './laws.ts';
import type { Scheduler, Task, Write } from './scheduler.ts';
import type { Truth } from './truth.ts';

/** An address that a client may upload to, perhaps more than once. */
interface Address {
  key: string;
  /** What it takes; a form takes any. */
  size?: number;
}

/**
 * What belongs to files alone in a history: the clients that upload, the events of what they uploaded, and what must
 * hold of records and objects at every moment.
 */
export class Files {
  readonly #bucket: Bucket;
  readonly #truth: Truth;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #limits: Limits;
  readonly #app: string;
  /** Forms that were issued. */
  readonly forms: Form[] = [];
  readonly #violations: string[];
  readonly #addresses: Address[] = [];
  #unused: Address[] = [];
  readonly #events: Created[] = [];
  /** Still to be delivered; what fails is delivered again. */
  #waiting: Created[] = [];
  /** Uploads of which a delivery died, or did not hear of its copy. */
  readonly #cutOff = new Set<string>();
  /** The version that each delivery began with. */
  readonly #begun = new Map<Task, number>();

  constructor(
    app: string,
    limits: Limits,
    history: { bucket: Bucket; truth: Truth; scheduler: Scheduler; random: Random; violations: string[] },
  ) {
    const { bucket, truth, scheduler, random } = history;
    this.#violations = history.violations;
    this.#app = app;
    this.#limits = limits;
    this.#bucket = bucket;
    this.#truth = truth;
    this.#scheduler = scheduler;
    this.#random = random;
    bucket.changed = (key, object) => {
      truth.followObject(key, object);
      this.#objectChanged(key);
    };
  }

  get canUpload(): boolean {
    return this.#addresses.length > 0;
  }

  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  /** What a client does with the answer to a reservation. */
  reserved(address: Address): void {
    this.#addresses.push(address);
    this.#unused.push(address);
  }

  issued(form: Form): void {
    this.forms.push(form);
    this.reserved({ key: incomingObject(this.#app, form.group, form.random) });
  }

  /** Somebody uploads: for the first time mostly; again, or late, when the reservation or the group is gone. */
  async upload(): Promise<void> {
    const random = this.#random;
    const address = random.one(this.#unused.length > 0 && random.chance(0.6) ? this.#unused : this.#addresses);
    this.#unused = this.#unused.filter((one) => one !== address);
    const content = random.one(['a', 'b', 'c']).repeat(address.size ?? random.whole(1, 2));
    const task: Task = { faults: 0, dead: false, slow: random.chance(0.3) };
    await this.#scheduler.start(task, () =>
      this.#scheduler.turn(task, async () => {
        const { size, etag } = this.#bucket.put(address.key, content);
        const event = { key: address.key, size, etag };
        this.#events.push(event);
        this.#waiting.push(event);
      }),
    );
  }

  /** One delivery of an event, in any order, now and then once more than needed; what dies is delivered again later. */
  async deliver(faults: number): Promise<void> {
    const again = this.#waiting.length === 0 || this.#random.chance(0.2);
    const event = this.#random.one(again ? this.#events : this.#waiting);
    if (!again) this.#waiting = this.#waiting.filter((one) => one !== event);
    const task: Task = { faults, dead: false, slow: this.#random.chance(0.5) };
    this.#begun.set(task, this.#truth.version);
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
  deliverAll(): Promise<void>[] {
    return this.#waiting.splice(0).map(async (event) => {
      const task: Task = { faults: 0, dead: false, slow: false };
      this.#begun.set(task, this.#truth.version);
      await this.#scheduler
        .start(task, () => deliver(event))
        .catch((error) => this.#violations.push(`the event of ${event.key} fails: ${error.stack}`));
    });
  }

  /** What must hold of files just after a write, whoever made it: a call, an event, a background job. */
  written(task: Task, writes: Write[], ask: Ask | undefined): void {
    const { version } = this.#truth;
    const [before, now] = [this.#truth.at(version - 1), this.#truth.at(version)];
    const groups = new Set<number>();
    for (const { verb, key } of writes) {
      if (verb === 'ConditionCheck' || !/^G#[^#]*#\d+(#F$|$)/.test(key.pk)) continue;
      const group = groupIn(key.pk);
      if (key.sk === 'S') groups.add(group);
      if (!key.pk.endsWith('#F')) continue;
      groups.add(group);
      const living = now.group(group)?.status === 'normal';
      const [was, is] = [before.file(group, Number(key.sk)), now.file(group, Number(key.sk))];
      const wrong = (what: string) =>
        this.#violations.push(`${ask?.op ?? 'the background'} ${what}: file ${Number(key.sk)} of ${group}`);
      if (was?.published !== undefined && is) this.#unchanged(was, is, wrong);
      if (was?.published === undefined && is?.published !== undefined) this.#published(group, was, is, wrong);
      if (was && !is && !ask && living) {
        if (was.published !== undefined) wrong('removes what is published');
        else if (isReserved(was, this.#scheduler.now) && !this.#wasFull(group, this.#begun.get(task) ?? version))
          wrong('removes what is awaited');
      }
    }
    for (const group of groups) {
      const { files = 0, closed } = now.sequence(group) ?? {};
      const published = now.published(group).length;
      const wrong = (what: string) => this.#violations.push(`${ask?.op ?? 'the background'} leaves ${group} ${what}`);
      if (!closed && files !== published) wrong(`with ${published} files and counts ${files}`);
      if (published > this.#limits.files) wrong(`with ${published} files, where ${this.#limits.files} are allowed`);
    }
  }

  /** At some moment since the version: then what arrives is not kept. */
  #wasFull(group: number, since: number): boolean {
    for (let version = since; version < this.#truth.version; version++)
      if (this.#truth.at(version).published(group).length >= this.#limits.files) return true;
    return false;
  }

  #unchanged(was: SharedFile, is: SharedFile, wrong: (what: string) => void): void {
    for (const name of ['published', 'object', 'random', 'size', 'type', 'uploader', 'url', 'createdAt'] as const)
      if (was[name] !== is[name]) wrong(`changes ${name} of what is published from ${was[name]} to ${is[name]}`);
  }

  #published(group: number, was: SharedFile | undefined, is: SharedFile, wrong: (what: string) => void): void {
    const { object, size, url, registered } = is;
    if (!registered && url === undefined && !isReserved(was, this.#scheduler.now))
      wrong('publishes what is not reserved');
    if (was && was.size !== size) wrong(`publishes ${size} bytes where ${was.size} were announced`);
    const stored = object === undefined ? undefined : this.#bucket.at(fileObject(this.#app, group, object));
    if (url === undefined && stored?.size !== size) wrong(`publishes ${stored?.size} bytes as ${size}`);
    else if (stored && !object?.endsWith(`.${stored.etag}`)) wrong('publishes other content than it looked at');
  }

  /** What is published keeps its object, and that its content, for as long as the group is there. */
  #objectChanged(key: string): void {
    const moment = this.#truth.at(this.#truth.version);
    const { group, file } = this.#recordOf(key) ?? {};
    if (group === undefined || !file || moment.group(group)?.status !== 'normal') return;
    const stored = this.#bucket.at(key);
    const whose = `file ${file.id} of ${group}`;
    if (!stored) this.#violations.push(`${whose} is published and loses its object`);
    else if (!key.endsWith(`.${stored.etag}`)) this.#violations.push(`${whose} is published and gets other content`);
  }

  #contentsAt(key: string): number {
    return new Set(this.#events.filter((event) => event.key === key).map(({ etag }) => etag)).size;
  }

  #recordOf(key: string): { group: number; file: SharedFile | undefined } | undefined {
    const [, group, object] = /^files\/[^/]+\/(\d+)\/(.+)$/.exec(key) ?? [];
    if (group === undefined) return undefined;
    const files = this.#truth.at(this.#truth.version).files(Number(group));
    return { group: Number(group), file: files.find((file) => file.object === object) };
  }

  /**
   * All is delivered: records and objects agree, nothing of a reserved upload lies about, a dissolved group has no files.
   * What is left of forms may lie there: uploads that nobody registered for a day, copies of registrations that were
   * refused or died, for `files check --fix`. So may the copy of a delivery that died, or of one that never heard of it,
   * where the repetition found other content in the upload's place (decision 0023).
   */
  async end(table: OperatorTable): Promise<void> {
    const wrong = (what: string) => this.#violations.push(what);
    const moment = this.#truth.at(this.#truth.version);
    const ofForms = new Set(this.forms.map(({ random }) => random));
    for (const group of moment.groupsWithFiles) {
      const left = moment.files(group).map(({ id }) => id);
      const dissolved = moment.group(group)?.status !== 'normal';
      if (dissolved && left.length > 0) wrong(`${group} is dissolved and has the files ${left}`);
    }
    const uploads = this.#bucket.keys(INCOMING).filter(reservedFile);
    if (uploads.length > 0) wrong(`uploads that nobody waits for are left: ${uploads}`);
    const check = (fix: boolean) => {
      const now = this.#scheduler.now + 1;
      return checkFiles(table, this.#bucket.ofOperators, this.#app, { fix, olderThan: 0, now });
    };
    const { orphans, broken, records } = await check(false);
    const published = moment.groupsWithFiles.flatMap(moment.published).filter(({ object }) => object !== undefined);
    if (records !== published.length) wrong(`the check sees ${records} records of ${published.length}`);
    for (const { group, file } of broken) wrong(`the object of file ${file.id} of ${group} is not there`);
    const replaced = new Set([...this.#cutOff].filter((key) => this.#contentsAt(key) > 1).map(randomOf));
    for (const { key } of orphans) {
      const random = randomOf(key);
      if (!ofForms.has(random) && !replaced.has(random)) wrong(`an object without record: ${key}`);
    }
    if (orphans.length > 0) {
      // In a day its upload is forgotten.
      for (const key of this.#bucket.keys(INCOMING)) this.#bucket.remove(key);
      await check(true);
    }
    const left = this.#bucket.keys(FILES).length;
    if (left !== published.length) wrong(`${published.length} files are published and ${left} objects are left`);
  }
}
