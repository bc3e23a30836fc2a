import { isReserved, type SharedFile } from '../../shared/data/file-repo.ts';
import { groupIn, type Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { checkFiles } from '../../shared/domain/app/files.ts';
import { FILES, fileObject, INCOMING, randomOf, reservedFile } from '../../shared/storage/names.ts';
import type { Bucket } from './bucket.ts';
import type { Call } from './commands/command.ts';
import { LIMITS, type Run } from './run.ts';
import type { Task, Write } from './scheduler.ts';

/** What must hold of the records and objects of files at every moment. */
export class FileRules {
  readonly #run: Run;
  readonly #bucket: Bucket;

  constructor(run: Run, bucket: Bucket) {
    this.#run = run;
    this.#bucket = bucket;
    bucket.changed = (key, object) => {
      run.model.followObject(key, object);
      this.#objectChanged(key);
    };
  }

  get #app() {
    return this.#run.given.app;
  }

  /** Just after a write: of a call, of an event, or of a background job. */
  written(task: Task, writes: Write[], call: Call | undefined): void {
    const changed = writes.filter(({ verb, key }) => verb !== 'ConditionCheck' && /^G#[^#]*#\d+(#F$|$)/.test(key.pk));
    const groups = new Set<number>();
    for (const { key } of changed) {
      const isFile = key.pk.endsWith('#F');
      if (isFile) this.#fileChanged(task, key, call);
      if (isFile || key.sk === 'S') groups.add(groupIn(key.pk));
    }
    for (const group of groups) this.#countChanged(group, call);
  }

  #fileChanged(task: Task, key: Key, call: Call | undefined): void {
    const { model, violations, scheduler, files } = this.#run;
    const [before, now] = [model.at(model.version - 1), model.at(model.version)];
    const [group, id] = [groupIn(key.pk), Number(key.sk)];
    const [was, is] = [before.file(group, id), now.file(group, id)];
    const wrong = (what: string) =>
      void violations.push(`${call?.op ?? 'the background'} ${what}: file ${id} of ${group}`);
    if (was?.published !== undefined && is) this.#unchanged(was, is, wrong);
    if (was?.published === undefined && is?.published !== undefined) this.#published(group, was, is, wrong);
    const removed = was && !is && !call && now.group(group)?.status === 'normal';
    if (!removed) return;
    if (was.published !== undefined) wrong('removes what is published');
    else if (isReserved(was, scheduler.now) && !this.#wasFull(group, files.begun.get(task) ?? model.version))
      wrong('removes what is awaited');
  }

  #countChanged(group: number, call: Call | undefined): void {
    const { model, violations } = this.#run;
    const now = model.at(model.version);
    const { files = 0, closed } = now.sequence(group) ?? {};
    const published = now.published(group).length;
    const wrong = (what: string) => violations.push(`${call?.op ?? 'the background'} leaves ${group} ${what}`);
    if (!closed && files !== published) wrong(`with ${published} files and counts ${files}`);
    if (published > LIMITS.files) wrong(`with ${published} files, where ${LIMITS.files} are allowed`);
  }

  /** At some moment since the version the group was full: an upload that arrived then is not kept. */
  #wasFull(group: number, since: number): boolean {
    const { model } = this.#run;
    for (let version = since; version < model.version; version++)
      if (model.at(version).published(group).length >= LIMITS.files) return true;
    return false;
  }

  #unchanged(was: SharedFile, is: SharedFile, wrong: (what: string) => void): void {
    for (const name of ['published', 'object', 'random', 'size', 'type', 'uploader', 'url', 'createdAt'] as const)
      if (was[name] !== is[name]) wrong(`changes ${name} of what is published from ${was[name]} to ${is[name]}`);
  }

  #published(group: number, was: SharedFile | undefined, is: SharedFile, wrong: (what: string) => void): void {
    const { object, size, url, registered } = is;
    if (!registered && url === undefined && !isReserved(was, this.#run.scheduler.now))
      wrong('publishes what is not reserved');
    if (was && was.size !== size) wrong(`publishes ${size} bytes where ${was.size} were announced`);
    const stored = object === undefined ? undefined : this.#bucket.at(fileObject(this.#app, group, object));
    if (url === undefined && stored?.size !== size) wrong(`publishes ${stored?.size} bytes as ${size}`);
    else if (stored && !object?.endsWith(`.${stored.etag}`)) wrong('publishes other content than it looked at');
  }

  /** A published file keeps its object, and the object its content, for as long as the group is there. */
  #objectChanged(key: string): void {
    const { model, violations } = this.#run;
    const moment = model.at(model.version);
    const { group, file } = this.#recordOf(key) ?? {};
    if (group === undefined || !file || moment.group(group)?.status !== 'normal') return;
    const stored = this.#bucket.at(key);
    const whose = `file ${file.id} of ${group}`;
    if (!stored) violations.push(`${whose} is published and loses its object`);
    else if (!key.endsWith(`.${stored.etag}`)) violations.push(`${whose} is published and gets other content`);
  }

  #recordOf(key: string): { group: number; file: SharedFile | undefined } | undefined {
    const { model } = this.#run;
    const [, group, object] = /^files\/[^/]+\/(\d+)\/(.+)$/.exec(key) ?? [];
    if (group === undefined) return undefined;
    const files = model.at(model.version).files(Number(group));
    return { group: Number(group), file: files.find((file) => file.object === object) };
  }

  /**
   * Once all is delivered records and objects agree, no reserved upload is left, and a dissolved group has no files.
   * Uploads by forms may be left that nobody registered for a day, and copies of registrations that were refused or died:
   * `files check --fix` removes them. So may the copy of a delivery that died or lost its answer, where the repetition
   * found other content in the upload's place (decision 0023).
   */
  async end(table: OperatorTable): Promise<void> {
    const { model, violations, files } = this.#run;
    const wrong = (what: string) => violations.push(what);
    const moment = model.at(model.version);
    for (const group of moment.groupsWithFiles) {
      const left = moment.files(group).map(({ id }) => id);
      const dissolved = moment.group(group)?.status !== 'normal';
      if (dissolved && left.length > 0) wrong(`${group} is dissolved and has the files ${left}`);
    }
    const uploads = this.#bucket.keys(INCOMING).filter(reservedFile);
    if (uploads.length > 0) wrong(`uploads that nobody waits for are left: ${uploads}`);
    const { orphans, broken, records } = await this.#check(table, false);
    const published = moment.groupsWithFiles.flatMap(moment.published).filter(({ object }) => object !== undefined);
    if (records !== published.length) wrong(`the check sees ${records} records of ${published.length}`);
    for (const { group, file } of broken) wrong(`the object of file ${file.id} of ${group} is not there`);
    const allowed = new Set([...files.forms.map(({ random }) => random), ...files.replaced.map(randomOf)]);
    for (const { key } of orphans) if (!allowed.has(randomOf(key))) wrong(`an object without record: ${key}`);
    if (orphans.length > 0) {
      // A day later the uploads have expired.
      for (const key of this.#bucket.keys(INCOMING)) this.#bucket.remove(key);
      await this.#check(table, true);
    }
    const left = this.#bucket.keys(FILES).length;
    if (left !== published.length) wrong(`${published.length} files are published and ${left} objects are left`);
  }

  #check(table: OperatorTable, fix: boolean) {
    const now = this.#run.scheduler.now + 1;
    return checkFiles(table, this.#bucket.ofOperators, this.#app, { fix, olderThan: 0, now });
  }
}
