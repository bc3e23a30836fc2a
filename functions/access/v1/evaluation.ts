import { evaluate } from '../../../shared/domain/access/authzen.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessEvaluation } from '../../../shared/routes/access.ts';

export const handler = operation(accessEvaluation, evaluate);
