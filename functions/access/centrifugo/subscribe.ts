import { subscribe } from '../../../shared/domain/access/centrifugo.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessCentrifugoSubscribe } from '../../../shared/routes/access.ts';

export const handler = operation(accessCentrifugoSubscribe, subscribe);
