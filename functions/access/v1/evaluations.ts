import { evaluateAll, evaluateDefault } from '../../../shared/domain/access/authzen.ts';
import { entryOf } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessV1Evaluations } from '../../../shared/routes/access.ts';

const entry = accessV1Evaluations.entry();

export const handler = operation(accessV1Evaluations, (call, { evaluations, options, ...defaults }) =>
  evaluations.length === 0
    ? evaluateDefault(call, entryOf(entry, defaults))
    : evaluateAll(
        call,
        evaluations.map((one) => entryOf(entry, { ...defaults, ...one })),
        options?.evaluations_semantic ?? 'execute_all',
      ),
);
