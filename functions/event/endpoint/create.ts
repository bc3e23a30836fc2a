import { createEndpoint } from '../../../shared/domain/event/endpoints.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointCreate } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointCreate, createEndpoint);
