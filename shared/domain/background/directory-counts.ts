import { transact } from '../../call/transact.ts';
import type { Database } from '../../data/database.ts';
import { blocksIn, countOf, countsPartOf, directoryCountsOf, putPart } from '../../data/directory-count-repo.ts';
import { directoryPosition, isErased, userOf } from '../../data/user-repo.ts';
import type { AppId, UserId } from '../../ids.ts';

/** After the deletion of a user, counts the user's block again, if it is one. May be repeated. */
export async function countWithout(db: Database, app: AppId, user: UserId): Promise<void> {
  const { person, counts } = await db.read({ person: userOf(app, user), counts: directoryCountsOf(app) });
  if (!person || isErased(person)) return;
  const position = directoryPosition(person);
  const block = blocksIn(counts.parts).find(({ end }) => position < end);
  if (!block) return;
  const { count } = await db.read(countOf(app, block));
  await transact(db, countsPartOf(app, block.part), (part) => {
    const [end, known] = part?.blocks[block.place] ?? [];
    const isSame = part?.generation === counts.generation && end === block.end;
    // Entries of a block only go: of two counts, the smaller one is the later.
    if (!part || !isSame || (known !== null && known !== undefined && known <= count)) return NOTHING;
    const blocks = part.blocks.with(block.place, [block.end, count]);
    return { ...NOTHING, steps: [putPart(app, block.part, part, { ...part, blocks })] };
  });
}
const NOTHING = { steps: [], answer: () => undefined };
