import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SHARDS } from '../../shared/data/counter-repo.ts';
import { MOST_LANES } from '../../shared/data/import-job-repo.ts';
import type { PartChunk } from '../../shared/domain/app/import-run.ts';
import { KINDS, type Kind, kindOf, type Line } from '../../shared/domain/app/lines/kinds.ts';
import type { Numbered } from '../../shared/domain/app/lines/line.ts';
import { hashPassword } from '../../shared/domain/user/password-hash.ts';
import { CHUNK, chunksOf } from './import-chunks.ts';
import { checkedLines, type ImportReport } from './import-file.ts';

/** Divides the lines of a file into the parts of an import by functions. */

/** Files on this disk that lines of a kind are sorted into: lines of one group, or one user, are in the same. */
const BUCKETS = 256;
/** Characters held for a file before they are written. */
const HELD = 65_536;
/** Lines that are cut into chunks together, at least. */
const ENOUGH = 4096;
/** Lines of a part, about. */
const PART = 1024;
/** Passwords hashed at the same time: as many as Node has threads for it. */
const HASHING = 4;
/** Conflicts with transactions of other lanes that a chunk may expect. Each costs a wait and another attempt. */
const CONFLICTS = 0.25;

/** What the lines of a kind are divided by. */
interface Sorting {
  kind: Kind;
  lines: number;
  /** How many lines write each record that lines of other lanes may write too. */
  records: Map<string, number>;
}

/** One kind of lines. */
export interface Step {
  kind: Kind;
  lines: number;
  /** Parts of each lane. */
  parts: number[];
}

/** Numbered as in the file. Lanes have them from `kind.lane`, whose number tells the bucket. */
const bucketOf = (line: Line) => Number(/\d+/.exec(kindOf(line).lane(line, SHARDS * BUCKETS))?.[0] ?? 0) % BUCKETS;

/** Lines that are checked and sorted on this disk, until they are uploaded. */
export class SortedLines {
  readonly #folder: string;
  readonly #held = new Map<string, string>();
  readonly #sortings = new Map<Kind, Sorting>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads a file once, and refuses the lines that are wrong in themselves. */
  static async of(file: string, told: ImportReport, progress: (lines: number) => void): Promise<SortedLines> {
    const sorted = new SortedLines(await mkdtemp(join(tmpdir(), 'roster-import-')));
    try {
      let hashing: Promise<readonly [Line, number]>[] = [];
      const addHashed = async () => {
        for (const [safe, number] of await Promise.all(hashing)) await sorted.#add(safe, number);
        hashing = [];
      };
      for await (const { number, line } of checkedLines(file, told)) {
        progress(number);
        if (line?.kind === 'user' && line.password !== undefined) {
          // Parts lie in the bucket, so they hold hashes only.
          const { password, ...rest } = line;
          hashing.push(hashPassword(password).then((password_hash) => [{ ...rest, password_hash }, number] as const));
          if (hashing.length === HASHING) await addHashed();
        } else if (line) await sorted.#add(line, number);
      }
      await addHashed();
      for (const path of sorted.#held.keys()) await sorted.#flush(path);
      return sorted;
    } catch (error) {
      await sorted.remove();
      throw error;
    }
  }

  async #add(line: Line, number: number): Promise<void> {
    const { kind } = line;
    const sorting = this.#sortings.get(kind) ?? { kind, lines: 0, records: new Map() };
    this.#sortings.set(kind, sorting);
    sorting.lines++;
    if (!isOfAnyLane(line))
      for (const record of kindOf(line).contended(line))
        sorting.records.set(record, (sorting.records.get(record) ?? 0) + 1);
    const path = join(this.#folder, `${kind}-${bucketOf(line)}`);
    const text = `${this.#held.get(path) ?? ''}${JSON.stringify([number, line])}\n`;
    this.#held.set(path, text);
    if (text.length >= HELD) await this.#flush(path);
  }

  async #flush(path: string): Promise<void> {
    const text = this.#held.get(path) ?? '';
    this.#held.set(path, '');
    await appendFile(path, text, { mode: 0o600 });
  }

  /**
   * Cuts the lines into parts, kind by kind. Lines of one group, or of one user, are in one lane.
   * @param most lanes at most
   * @param upload takes the text of a part
   */
  async divide(
    most: number,
    upload: (step: number, lane: number, part: number, text: string, lines: number) => Promise<void>,
  ): Promise<Step[]> {
    const steps: Step[] = [];
    for (const kind of KINDS) {
      const sorting = this.#sortings.get(kind);
      if (!sorting) continue;
      const lanes = Math.min(most, lanesFor(sorting));
      const parts = Array.from({ length: most }, () => 0);
      const divideLane = async (lane: number) => {
        let chunks: PartChunk[] = [];
        let lines = 0;
        const end = async () => {
          const text = chunks.map((chunk) => JSON.stringify(chunk)).join('\n');
          await upload(steps.length, lane, parts[lane]!, text, lines);
          parts[lane]!++;
          chunks = [];
          lines = 0;
        };
        let held: Numbered<Line>[] = [];
        for (let bucket = lane; bucket < BUCKETS; bucket += lanes) {
          // Of a small file, a bucket alone would not fill a chunk.
          held = [...held, ...(await this.#bucket(kind, bucket))];
          if (held.length < ENOUGH && bucket + lanes < BUCKETS) continue;
          for (const chunk of cut(held)) {
            chunks.push(chunk);
            lines += chunk.length;
            if (lines >= PART) await end();
          }
          held = [];
        }
        if (lines > 0) await end();
      };
      await Promise.all(Array.from({ length: lanes }, (_, lane) => divideLane(lane)));
      steps.push({ kind, lines: sorting.lines, parts });
    }
    return steps;
  }

  async #bucket(kind: Kind, bucket: number): Promise<Numbered<Line>[]> {
    const file = join(this.#folder, `${kind}-${bucket}`);
    if (!this.#held.has(file)) return [];
    const lines: Numbered<Line>[] = [];
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const [number, line] = JSON.parse(text) as [number, Line];
      lines.push({ number, line });
    }
    return lines;
  }

  /** Removes everything from this disk. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Any lines of such a kind may be in one chunk. */
const isOfAnyLane = (line: Line) => kindOf(line).lane(line, SHARDS).startsWith('lane ');

function* cut(lines: Numbered<Line>[]): Generator<PartChunk> {
  for (const [lane, group] of Map.groupBy(lines, ({ line }) => kindOf(line).lane(line, SHARDS)))
    for (const chunk of chunksOf(lane, group))
      yield chunk.lines.map(({ number, line }): [number, Line] => [number, line]);
}

/**
 * As many lanes as conflict seldom. Users and groups count in as many shards as there are lanes for them. Of other lines,
 * two chunks conflict where they write the same user: the more of the lines name the same users, the fewer lanes.
 */
function lanesFor({ lines, records }: Sorting): number {
  if (records.size === 0) return SHARDS;
  let same = 0;
  for (const count of records.values()) same += (count / lines) ** 2;
  // A record that one line alone writes conflicts with nothing.
  const chance = CHUNK ** 2 * Math.max(0, same - 1 / lines);
  return Math.max(1, Math.min(MOST_LANES, Math.floor(1 + CONFLICTS / chance)));
}
