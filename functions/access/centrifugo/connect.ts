import { connect } from '../../../shared/domain/access/centrifugo.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessCentrifugoConnect } from '../../../shared/routes/access.ts';

export const handler = operation(accessCentrifugoConnect, connect);
