import type { Database } from '../../data/database.ts';
import {
  type Block,
  blocksIn,
  type CountsPart,
  countOf,
  type DirectoryCounts,
  type Placed,
  putPart,
} from '../../data/directory-count-repo.ts';
import type { DirectoryPage } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';

/** Entries of a new block, at least and at most. */
const FEWEST = 600;
export const MOST = 800;
/** Blocks of a part: about a kilobyte. */
const IN_A_PART = 40;
/** No registration that began so long ago is still to come (ms). A call takes half of that at most. */
const SETTLED = 60_000;

/** What this call knows of the blocks of a directory. It keeps for other calls what it adds. */
export class DirectoryBlocks {
  readonly #db: Database;
  readonly #app: AppId;
  readonly #generation: number;
  readonly #parts: CountsPart[];
  /** No write was refused: what is known of the parts is what is kept. */
  #isKept = true;
  /** Entries after the last block, as far as they have been read. */
  #rest: string[] = [];

  constructor(db: Database, app: AppId, { generation, parts }: DirectoryCounts) {
    this.#db = db;
    this.#app = app;
    this.#generation = generation;
    this.#parts = [...parts];
  }

  all(): readonly Placed[] {
    return blocksIn(this.#parts);
  }

  /** Counts blocks, in one round trip. */
  async count(blocks: readonly Placed[]): Promise<void> {
    const pages = await this.#db.read(blocks.map((block) => countOf(this.#app, block)));
    for (const part of new Set(blocks.map(({ part }) => part))) {
      const next = [...this.#parts[part]!.blocks];
      for (const [at, block] of blocks.entries())
        if (block.part === part) next[block.place] = [block.end, pages[at]!.count];
      await this.#put(part, next);
    }
  }

  /**
   * Makes blocks of what has been read after the last block. They have no counts yet: see decision 79.
   * @param positions the entries that follow on those that were passed before
   */
  async add({ positions }: DirectoryPage, now: number): Promise<void> {
    this.#rest.push(...positions);
    const made: Block[] = [];
    for (let cut = cutIn(this.#rest, now); cut; cut = cutIn(this.#rest, now)) {
      made.push([cut.end, null]);
      this.#rest = this.#rest.slice(cut.at);
    }
    while (made.length > 0) {
      const last = this.#parts.at(-1);
      const room = last ? IN_A_PART - last.blocks.length : 0;
      if (last && room > 0) await this.#put(this.#parts.length - 1, [...last.blocks, ...made.splice(0, room)]);
      else await this.#put(this.#parts.length, made.splice(0, IN_A_PART));
    }
  }

  /** A call does not fail for it. A part is begun only once the one before is kept as a whole. */
  async #put(number: number, blocks: Block[]): Promise<void> {
    const was = this.#parts[number];
    const next = { generation: this.#generation, blocks };
    this.#parts[number] = next;
    this.#isKept &&= await this.#db
      .beside()
      .write([putPart(this.#app, number, was, next)])
      .catch((error: unknown) => {
        if (error instanceof Unavailable) return false;
        throw error;
      });
  }
}

/**
 * Where the first block of these entries ends: with the shortest text that lies between two of them. Of so many
 * candidates one is shorter than a whole sort key, so that no end names a user.
 */
function cutIn(positions: readonly string[], now: number): { at: number; end: string } | undefined {
  if (positions.length <= MOST) return undefined;
  const ends = Array.from({ length: MOST - FEWEST + 1 }, (_, n) => ({
    at: FEWEST + n,
    end: shortestBetween(positions[FEWEST + n - 1]!, positions[FEWEST + n]!),
  }));
  const shortest = ends.reduce((one, other) => (other.end.length > one.end.length ? one : other));
  return Number.parseInt(positions[shortest.at]!, 10) < now - SETTLED ? shortest : undefined;
}

/** The shortest text after one sort key, up to the next one. */
function shortestBetween(one: string, next: string): string {
  let length = 1;
  while (next.slice(0, length) <= one) length++;
  return next.slice(0, length);
}
