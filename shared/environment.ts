/** Names of the environment variables that the templates set and the functions read. Imports nothing. */
export const TABLE_NAME = 'TABLE_NAME';
export const BUCKET_NAME = 'BUCKET_NAME';
/** Id of the operation or background function in this bundle. Every log line shows it. */
export const OPERATION = 'OPERATION';
/** Stage of the deployment, and area of the operation (`background` where no client calls it): dimensions of metrics. */
export const STAGE = 'STAGE';
export const AREA = 'AREA';
/** The app that an authorizer decides for. */
export const SERVED_APP = 'SERVED_APP';
/** After how many seconds AWS IoT Core asks its authorizer again. */
export const REFRESH_SECONDS = 'REFRESH_SECONDS';
/** The FIFO queue of webhooks, and the bus of events: only functions that use them have these. */
export const WEBHOOK_QUEUE_URL = 'WEBHOOK_QUEUE_URL';
export const BUS_NAME = 'BUS_NAME';
/** The FIFO queue of imports: only the function that imports has this. */
export const IMPORT_QUEUE_URL = 'IMPORT_QUEUE_URL';
/** `off` where the deployment has no events: no app has a feed then. Absent otherwise. */
export const EVENTS = 'EVENTS';
/** One call in so many is counted for `/admin/overview`: see shared/http/statistics.ts. Absent: none. */
export const STATISTICS = 'STATISTICS';
/** The function that fetches the keys of issuers: only the exchange of tokens has this. */
export const REFRESH_FUNCTION = 'REFRESH_FUNCTION';
