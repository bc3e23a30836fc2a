import { rotateSecret } from '../../../shared/domain/event/endpoints.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointRotate } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointRotate, (call, { endpoint_id, keep_seconds }) =>
  rotateSecret(call, endpoint_id, keep_seconds),
);
