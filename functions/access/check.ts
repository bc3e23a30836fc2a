import { asked, check } from '../../shared/domain/access/decision.ts';
import { entryOf } from '../../shared/http/batch.ts';
import { operation } from '../../shared/http/operation.ts';
import { accessCheck } from '../../shared/routes/access.ts';

const entry = accessCheck.entry();

export const handler = operation(accessCheck, (call, { items }) =>
  check(
    call,
    items.map((item) => asked(entryOf(entry, item))),
  ),
);
