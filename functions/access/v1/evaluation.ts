import { evaluate } from '../../../shared/domain/access/authzen.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessV1Evaluation } from '../../../shared/routes/access.ts';

export const handler = operation(accessV1Evaluation, evaluate);
