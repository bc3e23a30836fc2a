import { publish } from '../../../shared/domain/access/centrifugo.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessCentrifugoPublish } from '../../../shared/routes/access.ts';

export const handler = operation(accessCentrifugoPublish, publish);
