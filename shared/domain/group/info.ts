import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { actorRelation, permit } from './permissions.ts';
import { fullRecord } from './record.ts';

const reads = (call: Call, group: number) => ({
  group: groupOf(call.app, group),
  info: groupInfoOf(call.app, group),
  text: groupTextOf(call.app, group),
  me: actorRelation(call, group),
});

/** Section 7.31: the full record, for anyone in the app; a dissolved group shows, with status 1. @throws Refusal 20001 */
export async function groupInfo(call: Call, id: number) {
  const { group, info, text, me } = await call.open(reads(call, id));
  if (!group) throw new Refusal('groupMissing');
  return fullRecord(group, info, text, group.status === 'normal' ? me[0] : undefined, call.now);
}

/** Section 7.58: the full record, for members. @throws Refusal 20001 20011 */
export async function groupSettings(call: Call, id: number) {
  const { group: found, info, text, me } = await call.open(reads(call, id));
  const { group } = permit(call, 'settings', found, me);
  return fullRecord(group, info, text, me[0], call.now);
}
