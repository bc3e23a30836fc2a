import type { ApiError } from '../../errors.ts';
import type { Kind } from './lines/kinds.ts';

/** A line that was refused, and why. */
export interface RefusedLine {
  line: number;
  kind: Kind | null;
  field: string | null;
  reason: string;
}

export const refusedLine = (line: number, kind: Kind | undefined, error: ApiError): RefusedLine => ({
  line,
  kind: kind ?? null,
  field: fieldOf(error) ?? null,
  reason: error.message,
});

/** The field that an error names. */
function fieldOf(error: ApiError): string | undefined {
  const [, named] = /^([\w.[\]]+): /.exec(error.message) ?? [];
  return named ?? FIELDS[error.name];
}
const FIELDS: Record<string, string> = {
  groupMissing: 'group_id',
  groupFull: 'group_id',
  tooManyGroups: 'group_id',
  tooManyOwned: 'owner_id',
  tooManyJoined: 'user_id',
  tooManyUsers: 'user_id',
  blocked: 'user_id',
  userMissing: 'user_id',
};
