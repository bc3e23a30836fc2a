import { sendTest } from '../../../shared/domain/event/redelivery.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointTest } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointTest, (call, { endpoint_id }) => sendTest(call, endpoint_id));
